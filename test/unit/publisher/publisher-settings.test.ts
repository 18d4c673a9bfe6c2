import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PublishError } from '../../../src/publisher/publish-error.js';
import { type PublisherSettings, resolveSettings } from '../../../src/publisher/publisher-settings.js';
import { webhookAddress } from '../../../src/publisher/webhook-address.js';

const userId = '80351110224678912';
const environment = {
  GUILDCAST_URL: 'https://queue.example.org/',
  GUILDCAST_KEY: 'key-of-the-environment',
  DISCORD_USER_ID: userId,
  CODESPACE_NAME: 'fluffy-disco',
};

function fault(settings: object | string, env = {}): string {
  try {
    resolveSettings(settings, env);
  } catch (error) {
    if (error instanceof PublishError && error.code === 'settings') return error.message;
    throw error;
  }
  return 'none';
}

describe('settings', () => {
  it('come from the environment first, then from what was given, then they are the usual ones', () => {
    const given: PublisherSettings = {
      url: 'http://other',
      key: 'k',
      userId: '10000',
      codespaceName: 'c',
      wire: 'native',
    };
    expect(resolveSettings(given, environment)).toMatchObject({
      url: 'https://queue.example.org',
      key: 'key-of-the-environment',
      target: { userId },
      codespaceName: 'fluffy-disco',
    });
    expect(
      resolveSettings(given, { GUILDCAST_URL: ' ', GUILDCAST_KEY: '', GUILDCAST_WIRE: 'event-queue' }),
    ).toMatchObject({
      url: 'http://other',
      key: 'k',
      target: { userId: '10000' },
      codespaceName: 'c',
      wire: 'event-queue',
    });
    expect(resolveSettings({}, { HOME: '/home/ada' })).toEqual({
      url: undefined,
      key: undefined,
      target: undefined,
      route: undefined,
      codespaceName: 'Desconocido',
      wire: 'native',
      spool: { folder: '/home/ada/.local/state/guildcast/spool', files: 10_000, bytes: 67_108_864 },
      webhook: undefined,
      timeoutMs: 10_000,
      retryBaseMs: 1_000,
      retryCapMs: 300_000,
    });
  });

  it('keep the spool where the machine keeps state, or where they are told, or nowhere', () => {
    const folder = (settings: PublisherSettings, env = {}) => resolveSettings(settings, env).spool?.folder;
    expect(folder({}, { XDG_STATE_HOME: '/state' })).toBe('/state/guildcast/spool');
    expect(folder({}, { XDG_STATE_HOME: 'state' })).toBe(path.join(homedir(), '.local/state/guildcast/spool'));
    expect(folder({ spool: '/given' })).toBe('/given');
    expect(folder({ spool: '/given' }, { GUILDCAST_SPOOL: '/environment' })).toBe('/environment');
    expect(folder({ spool: false })).toBeUndefined();
    expect(folder({ spool: '/given' }, { GUILDCAST_SPOOL: 'off' })).toBeUndefined();
  });

  it('take a key out of the address, and leave nothing of it there', () => {
    const url = 'https://any:s%40cret@queue.example.org/base/?x#y';
    expect(resolveSettings({ url }, {})).toMatchObject({ url: 'https://queue.example.org/base', key: 's@cret' });
    expect(resolveSettings({ url, key: 'named' }, {}).key).toBe('named');
  });

  it.each([
    ['a setting that there is not', { adress: 'x' }, {}, /"adress"/],
    ['a number as text', { timeoutMs: '5' }, {}, /timeoutMs must be a number/],
    ['no time at all', { timeoutMs: 0 }, {}, /above 0/],
    ['more time than a lock has', { timeoutMs: 60_000 }, {}, /timeoutMs/],
    ['a list', [], {}, /object/],
    ['an address of another kind', { url: 'ftp://x' }, {}, /http/],
    ['a user who is none', {}, { DISCORD_USER_ID: 'ada' }, /DISCORD_USER_ID/],
    ['a key that no header can hold', { key: 'a b' }, {}, /GUILDCAST_KEY/],
    ['a wire that there is not', {}, { GUILDCAST_WIRE: 'pigeon' }, /native, event-queue/],
    ['a fallback that there is not', { fallback: 'mail' }, {}, /megacmd/],
    ['a fallback to nowhere', { fallback: 'megacmd' }, {}, /DISCORD_WEBHOOK_URL/],
  ])('refuse %s', (_what, settings, env, message) => {
    expect(fault(settings, env)).toMatch(message);
  });
});

describe('a file of settings', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'guildcast-settings-'));
    await writeFile(path.join(folder, 'good.json'), JSON.stringify({ url: 'http://other', spool: false }));
    await writeFile(path.join(folder, 'torn.json'), '{"key": "very-secret" oops');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is read as the object would be', () => {
    expect(resolveSettings(path.join(folder, 'good.json'), {})).toMatchObject({
      url: 'http://other',
      spool: undefined,
    });
  });

  it('is named when it cannot be read, and never quoted', () => {
    expect(fault(path.join(folder, 'none.json'))).toMatch(/none\.json \(ENOENT\)/);
    const torn = fault(path.join(folder, 'torn.json'));
    expect(torn).toMatch(/torn\.json is not JSON/);
    expect(torn).not.toContain('secret');
  });
});

describe('the address of the older webhook', () => {
  it.each([
    [{ DISCORD_WEBHOOK_URL: 'https://a.example/hook', RENDER_EXTERNAL_URL: 'https://b' }, 'https://a.example/hook'],
    [
      { DISCORD_WEBHOOK_URL: 'http://localhost:10000/webhook/megacmd', RENDER_EXTERNAL_URL: 'https://b.example/' },
      'https://b.example/webhook/megacmd',
    ],
    [{ RENDER_EXTERNAL_URL: 'https://b.example', RENDER_SERVICE_NAME: 'service' }, 'https://b.example/webhook/megacmd'],
    [
      { RENDER_SERVICE_NAME: 'service', RAILWAY_PUBLIC_DOMAIN: 'c.example' },
      'https://service.onrender.com/webhook/megacmd',
    ],
    [{ RAILWAY_PUBLIC_DOMAIN: 'c.example', RAILWAY_STATIC_URL: 'd.example' }, 'https://c.example/webhook/megacmd'],
    [{ RAILWAY_STATIC_URL: 'd.example' }, 'https://d.example/webhook/megacmd'],
    [{}, undefined],
  ])('is found in %j', (env, address) => {
    expect(webhookAddress(env)).toBe(address);
  });

  it('may be a setting, after the variable and before what hosts tell', () => {
    expect(webhookAddress({ RENDER_EXTERNAL_URL: 'https://b' }, 'https://s.example')).toBe('https://s.example');
    expect(webhookAddress({ DISCORD_WEBHOOK_URL: 'https://a' }, 'https://s.example')).toBe('https://a');
  });

  it('is looked for only where the fallback is asked for', () => {
    const env = { DISCORD_WEBHOOK_URL: 'https://discord.com/api/webhooks/1/x' };
    expect(resolveSettings({}, env).webhook).toBeUndefined();
    expect(resolveSettings({}, { ...env, GUILDCAST_FALLBACK: 'megacmd' }).webhook?.href).toBe(env.DISCORD_WEBHOOK_URL);
  });
});
