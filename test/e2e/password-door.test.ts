import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GuildSettingsStore } from '../../src/guilds/guild-settings.js';
import { Visits } from '../../src/gateway/visits.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { type Shown, staying, type Visitor, waysIn } from '../support/ways-in.js';

const docs = '482241773318701056';
const repos = '987654321098765432';
const timeout = 20_000;

let app: TestApp;
const visitors: Visitor[] = [];
beforeAll(async () => {
  app = await startTestApp({ TRUST_PROXY: '1' });
  for (const guildId of [docs, repos]) {
    await app.app.get(GuildSettingsStore, { strict: false }).save(guildId, { door: 'password' });
  }
});
afterAll(async () => {
  for (const visitor of visitors) visitor.leave();
  await app.close();
});

/** Each from somewhere else: what one shows in vain is not to hold up the next. */
async function enter(name: string, shown: Shown, guildId = docs): Promise<Visitor> {
  const visitor = await waysIn[name]!(app.url, guildId, { from: `192.0.2.${visitors.length}`, ...shown });
  visitors.push(visitor);
  return visitor;
}

function change(method: 'PUT' | 'DELETE', body?: unknown, { guild = docs, key = testKeys.admin } = {}) {
  return fetch(`${app.url}/api/v1/admin/guilds/${guild}/password`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const names = Object.keys(waysIn);

/** Header lines are bytes: as UTF-8 there, and as it is in messages. */
function typed(name: string): string {
  const password = 'open sesame ä';
  return ['socket.io', 'websocket'].includes(name) ? password : Buffer.from(password).toString('latin1');
}

describe('a guild behind a password', () => {
  it('is shut to everybody as long as it has none', async () => {
    for (const name of names) expect([name, (await enter(name, {})).refused]).toEqual([name, 'guild.guarded']);
    const { refused } = await enter('socket.io', { password: 'undefined' });
    expect(refused).toBe('guild.guarded');
  });

  it('takes a password from the operator alone, and gives it to nobody', async () => {
    const set = await change('PUT', { password: 'open sesame ä' });
    expect([set.status, await set.text()]).toEqual([204, '']);
    expect((await change('PUT', { password: 'another one' }, { key: testKeys.read })).status).toBe(403);
    expect((await change('PUT', { password: 'another one' }, { guild: 'no-such-guild' })).status).toBe(404);
    for (const password of ['short', 'x'.repeat(257), 12_345_678, null, undefined]) {
      expect([password, (await change('PUT', { password })).status]).toEqual([password, 400]);
    }
    expect((await change('PUT', { password: 'long enough', more: 1 })).status).toBe(400);
    const settings = await app.app.get(GuildSettingsStore, { strict: false }).get(docs);
    expect(JSON.stringify(settings)).not.toMatch(/argon2|sesame/);
  });

  it.each(names)('is entered with it by %s, and not with another', async (name) => {
    expect((await enter(name, { password: typed(name) })).refused).toBeUndefined();
    expect((await enter(name, { password: 'open sesame a' })).refused).toBe('guild.guarded');
    expect((await enter(name, {})).refused).toBe('guild.guarded');
  });

  it('opens no other guild, whatever the keyboard that types it', async () => {
    expect((await enter('socket.io', { password: 'open sesame ä' }, repos)).refused).toBe('guild.guarded');
    expect((await enter('socket.io', { password: 'open sesame a\u0308' })).refused).toBeUndefined();
  });

  it('keeps nothing of a visit that is over', async () => {
    const visits = app.app.get(Visits, { strict: false });
    for (const visitor of visitors) visitor.leave();
    await vi.waitFor(() => expect(visits.all()).toEqual([]), { timeout });
    for (const name of Object.keys(staying)) {
      const visitor = await enter(name, { password: typed(name) });
      expect([name, visits.all().length]).toEqual([name, 1]);
      visitor.leave();
      await vi.waitFor(() => expect([name, visits.all()]).toEqual([name, []]), { timeout });
    }
    // The same room entered again is one visit, and so is none after it was left.
    const client = await SocketIoClient.open(app.url);
    const join = { guildId: docs, auth: { password: 'open sesame ä' } };
    for (let n = 0; n < 2; n += 1) expect((await client.ask('join', join)).error).toBeUndefined();
    expect(visits.all()).toHaveLength(1);
    await client.ask('leave', { guildId: docs });
    expect(visits.all()).toEqual([]);
    client.close();
  });

  it('lets those inside out when its password is another one, with the reason, and those with a key stay', async () => {
    const inside = new Map<string, Visitor>();
    for (const name of Object.keys(staying)) inside.set(name, await enter(name, { password: typed(name) }));
    const keyed = await enter('socket.io', { key: testKeys.read });
    for (const visitor of [...inside.values(), keyed]) expect(visitor.refused).toBeUndefined();
    expect((await change('PUT', { password: 'another one' })).status).toBe(204);
    for (const [name, visitor] of inside) {
      await vi.waitFor(() => expect([name, visitor.letOut()]).toEqual([name, 'password-changed']), { timeout });
    }
    expect(keyed.letOut()).toBeUndefined();
    const before = [...inside.values()].map((visitor) => visitor.heard());
    await app.log.append({ type: 'announcement.created', guildId: docs, data: { data: { text: 'for those inside' } } });
    await vi.waitFor(() => expect(keyed.heard()).toContain('for those inside'), { timeout });
    for (const heard of [...before, ...[...inside.values()].map((visitor) => visitor.heard())]) {
      expect(heard).not.toContain('for those inside');
    }
    expect((await enter('socket.io', { password: 'open sesame ä' })).refused).toBe('guild.guarded');
    expect((await enter('socket.io', { password: 'another one' })).refused).toBeUndefined();
  });

  it('is shut again when its password is taken away', async () => {
    const inside = await enter('socket.io', { password: 'another one' });
    expect((await change('DELETE')).status).toBe(204);
    expect((await change('DELETE')).status).toBe(404);
    expect((await enter('socket.io', { password: 'another one' })).refused).toBe('guild.guarded');
    await vi.waitFor(() => expect(inside.letOut()).toBe('password-changed'), { timeout });
  });
});

describe('passwords tried in vain', () => {
  let limited: TestApp;
  beforeAll(async () => {
    limited = await startTestApp();
    await limited.app.get(GuildSettingsStore, { strict: false }).save(docs, { door: 'password' });
    const headers = { authorization: `Bearer ${testKeys.admin}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ password: 'the right one' });
    await fetch(`${limited.url}/api/v1/admin/guilds/docs/password`, { method: 'PUT', headers, body });
  });
  afterAll(() => limited.close());

  it('are ten in a minute over all transports together, also when they come at once', async () => {
    const right = { password: 'the right one' };
    const tries = Array.from({ length: 28 }, (_, n) => {
      const name = names[n % names.length]!;
      return waysIn[name]!(limited.url, docs, { password: `the wrong one ${n}` });
    });
    const codes = await Promise.all(
      tries.map(async (attempt) => {
        const visitor = await attempt;
        visitor.leave();
        return visitor.refused;
      }),
    );
    expect(codes.filter((code) => code === 'guild.guarded')).toHaveLength(10);
    expect(codes.filter((code) => code === 'rate.limited')).toHaveLength(18);
    for (const name of names) {
      const visitor = await waysIn[name]!(limited.url, docs, right);
      visitor.leave();
      expect([name, visitor.refused]).toEqual([name, 'rate.limited']);
    }
    // Who shows nothing is told what is needed.
    expect((await waysIn.rest!(limited.url, docs, {})).refused).toBe('guild.guarded');
  });
});
