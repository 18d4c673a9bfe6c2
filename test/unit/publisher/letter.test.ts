import { describe, expect, it } from 'vitest';
import { backupError, backupSuccess, codespaceStatus, minecraftStatus } from '../../../src/publisher/event-payloads.js';
import { type LetterDefaults, writeLetter } from '../../../src/publisher/letter.js';
import { PublishError } from '../../../src/publisher/publish-error.js';

const userId = '80351110224678912';
const native: LetterDefaults = { wire: 'native', target: { userId }, codespaceName: 'fluffy-disco' };
const dialect: LetterDefaults = { ...native, wire: 'event-queue' };
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const stamp = { codespace_name: 'fluffy-disco', timestamp };

function refusal(notification: object, defaults = native): PublishError {
  try {
    writeLetter(notification, defaults);
  } catch (error) {
    if (error instanceof PublishError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the four events', () => {
  it.each([
    [
      backupError({ type: 'compression', message: 'disk full', file: 'world.zip' }),
      'backup_error',
      { error_type: 'backup_compression', error_message: 'disk full', backup_file: 'world.zip' },
    ],
    [
      backupError({ type: 'upload', message: 'full' }),
      'backup_error',
      { error_type: 'backup_upload', error_message: 'full', backup_file: null },
    ],
    [
      backupSuccess({ file: 'world.zip', sizeMb: 150.5678, durationSeconds: 45.239 }),
      'backup_success',
      { backup_file: 'world.zip', size_mb: 150.57, duration_seconds: 45.24 },
    ],
    [
      minecraftStatus({ status: 'online', ip: 'mc.example.org', port: 25_570, playersOnline: 3 }),
      'minecraft_status',
      { status: 'online', ip: 'mc.example.org', port: 25_570, players_online: 3 },
    ],
    [
      minecraftStatus({ status: 'offline' }),
      'minecraft_status',
      { status: 'offline', ip: null, port: 25_565, players_online: 0 },
    ],
    [codespaceStatus({ action: 'started' }), 'codespace_status', { action: 'started', details: {} }],
    [
      codespaceStatus({ action: 'error', details: { code: 137 } }),
      'codespace_status',
      { action: 'error', details: { code: 137 } },
    ],
  ])('are written as their readers expect them', (event, type, payload) => {
    expect(writeLetter(event, native).body).toEqual({ type, target: { userId }, payload: { ...payload, ...stamp } });
    expect(writeLetter(event, dialect).body).toEqual({
      user_id: userId,
      event_type: type,
      payload: { ...payload, ...stamp },
    });
  });
});

describe('a letter', () => {
  it('has a key of its own, or the one that was given', () => {
    const keys = [1, 2].map(() => writeLetter({ type: 'x' }, native).idempotencyKey);
    expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(keys[0]).not.toBe(keys[1]);
    const named = writeLetter({ type: 'x', idempotencyKey: 'backup 1' }, native);
    expect(named.idempotencyKey).toBe('backup 1');
    expect(named.body).not.toHaveProperty('idempotencyKey');
  });

  it('leaves what it was given as it was, and does not follow it afterwards', () => {
    const payload = { nested: { a: 1 } };
    const given = Object.freeze({ type: 'x', payload: Object.freeze(payload) });
    const { body } = writeLetter(given, native);
    payload.nested.a = 2;
    expect(given).toEqual({ type: 'x', payload: { nested: { a: 2 } } });
    expect(body.payload).toEqual({ nested: { a: 1 }, ...stamp });
  });

  it('keeps a codespace and a time that the payload names itself', () => {
    const payload = { codespace_name: null, timestamp: '2025-11-27T10:00:00' };
    expect(writeLetter({ type: 'x', payload }, native).body.payload).toEqual(payload);
    expect(writeLetter({ type: 'x', payload: { timestamp: undefined } }, native).body.payload).toEqual(stamp);
  });

  it('says every option of the native interface', () => {
    const options = {
      target: { channelId: '100000000000000001' },
      guildId: '100000000000000002',
      delivery: 'push',
      priority: 'high',
      collapseKey: 'board',
      groupKey: 'world',
      fallback: { userId },
      mentions: { users: [userId], roles: [], everyone: true },
      locale: 'en',
    } as const;
    const times = { notBefore: new Date(0), expiresAt: '2026-11-22T10:00:00+01:00' };
    expect(writeLetter({ type: 'x', ...options, ...times }, native).body).toEqual({
      type: 'x',
      payload: stamp,
      ...options,
      notBefore: '1970-01-01T00:00:00.000Z',
      expiresAt: '2026-11-22T09:00:00.000Z',
    });
  });

  it('carries a ready message without a payload, and goes to a route, also to that of the settings', () => {
    const message = { content: 'hello' };
    expect(writeLetter({ message, route: 'ops' }, native).body).toEqual({ message, route: 'ops' });
    const toRoute: LetterDefaults = { wire: 'native', codespaceName: '', route: 'usual' };
    expect(writeLetter({ message }, toRoute).body).toEqual({ message, route: 'usual' });
    expect(writeLetter({ message, target: { userId } }, toRoute).body).toEqual({ message, target: { userId } });
  });

  it('says the guild and the delivery in the dialect', () => {
    const body = writeLetter({ type: 'x y', guildId: userId, delivery: 'pull' }, dialect).body;
    expect(body).toMatchObject({ event_type: 'x y', guild_id: userId, delivery: 'pull' });
  });
});

describe('refused at once is', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each([
    ['nothing to say', {}, /type or a message/],
    ['an option that there is not', { type: 'x', prioriy: 'high' }, /"prioriy"/],
    ['a type that no type can be', { type: 'x y' }, /^type/],
    ['a priority that there is not', { type: 'x', priority: 'urgent' }, /low, normal, high, critical/],
    ['a delivery that there is not', { type: 'x', delivery: 'pigeon' }, /push, pull/],
    ['a locale that there is not', { type: 'x', locale: 'fr' }, /es, en/],
    ['a number as an id', { type: 'x', target: { userId: 80_351_110_224_678_910 } }, /digits as text/],
    ['two targets', { type: 'x', target: { userId, channelId: userId } }, /exactly one/],
    ['no target in the target', { type: 'x', target: {} }, /exactly one/],
    ['a target and a route', { type: 'x', target: { userId }, route: 'ops' }, /not both/],
    ['a fallback that is none', { type: 'x', fallback: { guildId: userId } }, /^fallback/],
    ['nobody to ring', { type: 'x', mentions: {} }, /^mentions/],
    ['somebody to ring who is no id', { type: 'x', mentions: { users: ['me'] } }, /^mentions.users/],
    ['not everybody', { type: 'x', mentions: { everyone: false } }, /^mentions/],
    ['an empty list to ring', { type: 'x', mentions: { users: [] } }, /^mentions/],
    ['somebody to ring twice', { type: 'x', mentions: { users: [userId, userId] } }, /^mentions.users/],
    [
      'too many to ring',
      { type: 'x', mentions: { roles: Array.from({ length: 21 }, (_, n) => `1000${n}`) } },
      /^mentions.roles/,
    ],
    ['whom it cannot ring', { type: 'x', mentions: { bots: [] } }, /^mentions/],
    ['a guild that is no id', { type: 'x', guildId: 'dworld' }, /^guildId/],
    ['a time without a zone', { type: 'x', notBefore: '2026-11-22T10:00:00' }, /^notBefore/],
    ['a time that is none', { type: 'x', expiresAt: new Date(NaN) }, /^expiresAt/],
    ['an end before the beginning', { type: 'x', notBefore: new Date(1), expiresAt: new Date(1) }, /after notBefore/],
    ['a group without a name', { type: 'x', groupKey: ' ' }, /^groupKey/],
    ['a key that is no header', { type: 'x', idempotencyKey: 'a\nb' }, /^idempotencyKey/],
    ['a list as payload', { type: 'x', payload: [1] }, /plain object/],
    ['a Map as payload', { type: 'x', payload: new Map([['a', 1]]) }, /plain object/],
    ['a text as message', { message: 'hello' }, /^message/],
    ['what is no number', { type: 'x', payload: { size: { mb: NaN } } }, /mb is not a finite number/],
    ['a circle', { type: 'x', payload: circle }, /JSON/],
    ['a bigint', { type: 'x', payload: { big: 1n } }, /JSON/],
    ['too much', { type: 'x', payload: { text: 'x'.repeat(1024 * 1024) } }, /larger/],
  ])('%s', (_what, notification, message) => {
    const error = refusal(notification);
    expect([error.code, error.message]).toEqual(['invalid', expect.stringMatching(message)]);
  });

  it.each([
    ['what the dialect has no word for', { type: 'x', priority: 'high' }],
    ['a message in it', { message: { content: 'x' } }],
    ['a channel in it', { type: 'x', target: { channelId: userId } }],
    ['no type in it', {}],
  ])('%s', (_what, notification) => {
    expect(refusal(notification, dialect).code).toBe('invalid');
  });

  it('one that goes to nobody, which is a matter of settings', () => {
    expect(refusal({ type: 'x' }, { wire: 'native', codespaceName: 'x' })).toMatchObject({
      code: 'not-configured',
      message: expect.stringContaining('DISCORD_USER_ID') as string,
    });
  });

  it('a webhook, without repeating its address', () => {
    const error = refusal({ type: 'x', target: { webhookUrl: ['https://discord.com/secret'] } });
    expect(error.message).not.toContain('secret');
  });
});
