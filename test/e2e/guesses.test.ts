import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp({ RATE_LIMIT_JOINS_PER_MINUTE: '40' });
});
afterEach(() => app.close());

const byHttp = (key: string) =>
  fetch(`${app.url}/api/v1/guilds/oauth`, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status);

async function onSocketIo<T>(use: (client: SocketIoClient) => Promise<T>): Promise<T> {
  const client = await SocketIoClient.open(app.url);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function onDZone<T>(use: (client: WebSocketClient) => Promise<T>): Promise<T> {
  const client = await WebSocketClient.open(app.url);
  try {
    await client.nextOf('server-list');
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Codes of the answers to guesses, until the limit speaks. */
async function guess(once: () => Promise<unknown>): Promise<unknown[]> {
  const codes: unknown[] = [];
  while (codes.length < 30 && codes.at(-1) !== 'rate.limited') codes.push(await once());
  return codes;
}

describe('guessing', () => {
  it('keys over socket.io is limited as over HTTP, also for who then finds the right one', async () => {
    await onSocketIo(async (client) => {
      const join = async (key: string) => (await client.ask('join', { guildId: 'oauth', auth: { key } })).error;
      const codes = await guess(async () => (await join('a-guess-of-a-key'))?.code);
      expect(codes).toEqual([...Array<string>(10).fill('access.key_unknown'), 'rate.limited']);
      expect(await join(testKeys.read)).toMatchObject({ code: 'rate.limited' });
      expect((await join(testKeys.read))?.retryAfter).toBeGreaterThan(0);
      // Without a key nobody is held up.
      expect((await client.ask('join', { guildId: 'docs' })).error).toBeUndefined();
    });
    expect(await byHttp(testKeys.read)).toBe(429);
  });

  it('passwords over socket.io and over the d-zone dialect counts together', async () => {
    const first = await onSocketIo((client) =>
      guess(async () => (await client.ask('join', { guildId: 'oauth', auth: { password: 'guess' } })).error?.code),
    );
    expect(first).toEqual([...Array<string>(10).fill('guild.guarded'), 'rate.limited']);
    await onDZone(async (client) => {
      client.connect({ server: 'oauth', password: 'guess' });
      expect((await client.nextOf('error')).data.code).toBe('rate.limited');
      client.connect({ server: 'oauth', discordToken: 'x', discordUser: { id: '1', username: 'me' } });
      expect((await client.nextOf('error')).data.code).toBe('rate.limited');
      // Those who show nothing are told what is needed, and open guilds stay open.
      client.connect({ server: 'oauth' });
      expect((await client.nextOf('error')).data.code).toBe('guild.guarded');
      client.connect({ server: 'docs', password: 'left over in the address' });
      expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
    });
  });

  it('over HTTP holds sockets up too', async () => {
    for (let n = 0; n < 10; n += 1) expect(await byHttp('a-guess-of-a-key')).toBe(401);
    await onSocketIo(async (client) => {
      const { error } = await client.ask('join', { guildId: 'oauth', auth: { key: testKeys.read } });
      expect(error?.code).toBe('rate.limited');
    });
  });
});

describe('joins', () => {
  it('of all transports count together', async () => {
    await onDZone(async (client) => {
      for (let n = 0; n < 20; n += 1) {
        client.connect({ server: 'docs' });
        await client.nextOf('server-join');
      }
    });
    await onSocketIo(async (client) => {
      for (let n = 0; n < 20; n += 1) expect((await client.ask('join', { guildId: 'docs' })).error).toBeUndefined();
    });
    await onDZone(async (client) => {
      client.connect({ server: 'docs' });
      expect((await client.nextOf('error')).data).toMatchObject({ code: 'rate.limited' });
      // An error for the default would make the client ask again and again.
      client.connect({ server: null });
      expect((await client.nextOf('server-join')).data).toMatchObject({ users: {}, serverName: 'Waiting room' });
    });
    expect((await fetch(`${app.url}/api/v1/guilds/docs/events`)).status).toBe(429);
  });
});
