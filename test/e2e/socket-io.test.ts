import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { leaveOf, joinOf, memberOf, messageOf, presenceOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const dworld = '232769614004748288';
const docs = '482241773318701056';
const nntin = memberOf('123456789012345004', { displayName: 'NNTin', roleColor: '#96ceb4' });

let app: TestApp;
const clients: SocketIoClient[] = [];

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function open(options: Parameters<typeof SocketIoClient.open>[1] = {}): Promise<SocketIoClient> {
  const client = await SocketIoClient.open(app.url, options);
  clients.push(client);
  return client;
}

describe('rooms over socket.io', () => {
  it('lists the guilds, of a guarded one its name', async () => {
    const { guilds } = await (await open()).ask<{ guilds: { alias: string; door: string }[] }>('guilds', {});
    expect(guilds.map(({ alias, door }) => [alias, door])).toEqual([
      ['oauth', 'discord'],
      ['dworld', 'open'],
      ['docs', 'open'],
      ['repos', 'open'],
    ]);
  });

  it.each([
    ['id', dworld],
    ['alias', 'dworld'],
    ['alias in capitals', 'DWorld'],
  ])('joins by %s and gets the snapshot', async (_name, guildId) => {
    const answer = await (await open()).ask('join', { guildId });
    expect(answer).toMatchObject({ guildId: dworld, recovered: false });
    expect(answer.snapshot?.members.map(({ username }) => username)).toEqual([
      'vegeta897',
      'Cog-Creators',
      'd-zone-org',
      'NNTin',
    ]);
    expect(answer.snapshot).toMatchObject({ cursor: answer.cursor, source: 'mock', stale: false, partial: [] });
    expect(answer.snapshot?.guild).toMatchObject({ id: dworld, alias: 'dworld', memberCount: 4, door: 'open' });
  });

  it('then hears every event of that room, in order, and of no other', async () => {
    const client = await open();
    await client.ask('join', { guildId: dworld });
    const sent = [];
    for (const status of ['idle', 'dnd', 'online'] as const) {
      sent.push(await app.log.append(presenceOf(dworld, nntin, status)));
      await app.log.append(presenceOf(docs, nntin, status));
      sent.push(await app.log.append(messageOf(dworld, nntin, status)));
    }
    await vi.waitFor(() => expect(client.events).toHaveLength(6));
    expect(client.events).toEqual(sent);
    expect(client.order.filter((type) => !type.startsWith('answer'))).toEqual(sent.map(({ type }) => type));
  });

  it('carries joins and leaves, and the next snapshot has them', async () => {
    const client = await open();
    await client.ask('join', { guildId: docs });
    const guest = memberOf('123456789012345900', { displayName: 'Guest' });
    await app.log.append(joinOf(docs, guest));
    const between = await (await open()).ask('join', { guildId: docs });
    await app.log.append(leaveOf(docs, guest));
    const after = await (await open()).ask('join', { guildId: docs });
    await vi.waitFor(() => expect(client.order).toEqual(['answer:join', 'member.joined', 'member.left']));
    expect(between.snapshot?.members).toContainEqual(guest);
    expect(after.snapshot?.members).not.toContainEqual(guest);
  });

  it('answers before the first event, even when events stream in all the while', async () => {
    let going = true;
    const stream = (async () => {
      while (going) {
        await app.log.append(presenceOf(dworld, nntin, 'idle'));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    try {
      for (let n = 0; n < 10; n += 1) {
        const client = await open();
        const answer = await client.ask('join', { guildId: dworld });
        await vi.waitFor(() => expect(client.events.length).toBeGreaterThan(3));
        const offsets = client.events.map(({ cursor }) => Number(cursor.split(':')[1]));
        const first = Number(answer.cursor.split(':')[1]) + 1;
        expect(offsets).toEqual(offsets.map((_, index) => first + index));
        client.close();
      }
    } finally {
      going = false;
      await stream;
    }
  });

  it('resumes from a cursor with the missed events, before anything newer', async () => {
    const first = await open();
    const { cursor } = await first.ask('join', { guildId: dworld });
    first.close();
    const missed = [
      await app.log.append(presenceOf(dworld, nntin, 'idle')),
      await app.log.append(messageOf(dworld, nntin, 'x')),
    ];
    const second = await open();
    const answer = await second.ask('join', { guildId: dworld, cursor });
    const live = await app.log.append(presenceOf(dworld, nntin, 'online'));
    expect(answer).toEqual({ guildId: dworld, cursor, recovered: true, snapshot: null });
    await vi.waitFor(() => expect(second.events).toHaveLength(3));
    expect(second.events).toEqual([...missed, live]);
  });

  it.each(['garbage', 'another:1', '', 'x'.repeat(5_000), 5, null, [], { a: 1 }])(
    'starts anew from the cursor %j',
    async (cursor) => {
      const answer = await (await open()).ask('join', { guildId: dworld, cursor });
      expect(answer.recovered).toBe(false);
      expect(answer.snapshot?.members).toHaveLength(4);
    },
  );

  it('leaves a room and hears no more of it', async () => {
    const client = await open();
    await client.ask('join', { guildId: dworld });
    await client.ask('join', { guildId: docs });
    expect(await client.ask<unknown>('leave', { guildId: 'dworld' })).toEqual({ guildId: dworld });
    await app.log.append(presenceOf(dworld, nntin, 'idle'));
    await app.log.append(presenceOf(docs, nntin, 'idle'));
    await vi.waitFor(() => expect(client.events).toHaveLength(1));
    expect(client.events[0]?.guildId).toBe(docs);
  });

  it('works over long-polling too', async () => {
    const client = await open({ transports: ['polling'] });
    expect(await client.ask('join', { guildId: dworld })).toMatchObject({ recovered: false });
    await app.log.append(presenceOf(dworld, nntin, 'idle'));
    await vi.waitFor(() => expect(client.events).toHaveLength(1));
  });

  it('answers those who gave no acknowledgement with messages', async () => {
    const client = await open();
    client.socket.emit('join', { guildId: docs });
    await vi.waitFor(() => expect(client.order).toEqual(['joined']));
    client.socket.emit('join', {});
    await vi.waitFor(() => expect(client.errors).toMatchObject([{ error: { code: 'request.invalid' } }]));
  });
});

describe('bad input over socket.io', () => {
  it.each([
    ['join', undefined, 'request.invalid'],
    ['join', null, 'request.invalid'],
    ['join', 'dworld', 'request.invalid'],
    ['join', {}, 'request.invalid'],
    ['join', { guildId: 7 }, 'request.invalid'],
    ['join', { guildId: 'x'.repeat(200) }, 'request.invalid'],
    ['join', { guildId: dworld, auth: 'me' }, 'request.invalid'],
    ['join', { guildId: 'nowhere' }, 'guild.not_found'],
    ['join', { guildId: '999999999999999999' }, 'guild.not_found'],
    ['leave', {}, 'request.invalid'],
    ['authenticate', { any: 'thing' }, 'request.unknown_type'],
    ['disconnecting', {}, undefined],
  ])('answers %s %j with %s and goes on', async (message, body, code) => {
    const client = await open();
    if (code !== undefined) expect((await client.ask(message, body)).error?.code).toBe(code);
    expect(await client.ask('join', { guildId: docs })).toMatchObject({ guildId: docs });
  });
});

describe('guarded guilds over socket.io', () => {
  it.each([
    ['nothing', undefined, 'guild.guarded'],
    ['a password', { password: 'x' }, 'guild.guarded'],
    ['half a login', { discordToken: 'x' }, 'guild.guarded'],
    ['an unknown key', { key: 'wrong-key-of-some-length' }, 'access.key_unknown'],
    ['a key without the scope', { key: testKeys.publish }, 'guild.guarded'],
  ])('refuses %s', async (_name, auth, code) => {
    const client = await open();
    expect((await client.ask('join', { guildId: 'oauth', auth })).error?.code).toBe(code);
    await app.log.append(presenceOf('123456789012345678', nntin, 'idle'));
    await client.ask('guilds', {});
    expect(client.events).toEqual([]);
  });

  it.each([
    ['a key of scope read', { key: testKeys.read }],
    ['the login of the demo', { discordToken: 'x', discordUser: { id: '1', username: 'me' } }],
  ])('lets %s in', async (_name, auth) => {
    const answer = await (await open()).ask('join', { guildId: 'oauth', auth });
    expect(answer.snapshot?.guild.name).toBe('OAuth2 Protected Server');
  });
});

describe('limits over socket.io', () => {
  it('refuses joins beyond the rate, says when to come back, and keeps the connection', async () => {
    const limited = await startTestApp({ RATE_LIMIT_JOINS_PER_MINUTE: '2' });
    try {
      const client = await SocketIoClient.open(limited.url);
      for (let n = 0; n < 2; n += 1) expect((await client.ask('join', { guildId: docs })).error).toBeUndefined();
      const { error } = await client.ask('join', { guildId: docs });
      expect(error?.code).toBe('rate.limited');
      expect(error?.retryAfter).toBeGreaterThan(0);
      expect(await client.ask<object>('guilds', {})).toHaveProperty('guilds');
      client.close();
    } finally {
      await limited.close();
    }
  });

  it('counts all transports together against one bound of connections', async () => {
    const small = await startTestApp({ MAX_CONNECTIONS: '1' });
    try {
      const first = await SocketIoClient.open(small.url);
      const second = await SocketIoClient.open(small.url);
      await vi.waitFor(() => expect(second.socket.connected).toBe(false));
      expect(second.closing).toMatchObject({ code: 3002, reason: 'service-full', retryAfter: 5 });
      const stream = await fetch(`${small.url}/api/v1/guilds/docs/events`, {
        headers: { accept: 'text/event-stream' },
      });
      expect(stream.status).toBe(503);
      first.close();
      await vi.waitFor(async () => {
        const third = await SocketIoClient.open(small.url);
        const answer = await third.ask('join', { guildId: docs }).finally(() => third.close());
        expect(answer.recovered).toBe(false);
      });
    } finally {
      await small.close();
    }
  });
});
