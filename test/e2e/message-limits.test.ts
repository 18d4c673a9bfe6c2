import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { memberOf, messageOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const [dworld, docs, repos] = ['232769614004748288', '482241773318701056', '987654321098765432'] as const;
const author = memberOf('223456789012345001');
const frameBound = 2_048;

let app: TestApp;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function useApp(env: Record<string, string>): void {
  beforeAll(async () => {
    app = await startTestApp(env);
  });
  afterAll(() => app.close());
}

async function openWebSocket(path?: string): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(app.url, path);
  ends.push(() => client.close());
  await client.nextOf('server-list');
  return client;
}

async function openSocketIo(transport = 'websocket'): Promise<SocketIoClient> {
  const client = await SocketIoClient.open(app.url, { transports: [transport] });
  ends.push(() => client.close());
  return client;
}

/** Errors of answers to these messages, sent in one go; undefined for those that were taken. */
async function errorsOf(client: SocketIoClient, messages: [string, unknown?][]): Promise<(string | undefined)[]> {
  const answers = await Promise.all(messages.map(([message, body]) => client.ask(message, body)));
  for (const { error } of answers) {
    if (error?.code === 'rate.limited') expect(error.retryAfter).toBeGreaterThan(0);
  }
  return answers.map(({ error }) => error?.code);
}

const limited = 'rate.limited';

// Slow rates, so that nothing comes back while a test runs: 0.2 a second are two at once, and a third in five seconds.
describe('messages of one socket', () => {
  useApp({ SOCKET_MESSAGES_PER_SECOND: '0.2' });

  it('are refused on WebSocket beyond their rate, whatever they are, with the time to wait', async () => {
    const client = await openWebSocket();
    for (const message of ['no JSON', '{"type":"connect","data":{"server":"docs"}}', '{"type":"snapshot"}']) {
      client.send(message);
    }
    expect((await client.next()).data).toMatchObject({
      code: limited,
      retryAfter: expect.toSatisfy(isWaitBelow(5)) as unknown,
    });
    expect((await client.next()).data).toMatchObject({ code: 'request.invalid' });
    expect((await client.next()).type).toBe('server-join');
    expect(client.closed).toBeUndefined();
    // The room goes on: only what is asked for is limited.
    await app.log.append(messageOf(docs, author, 'still here'));
    expect((await client.nextOf('message')).data).toMatchObject({ message: 'still here' });
  });

  it.each(['websocket', 'polling'])(
    'are refused on socket.io (%s) beyond their rate, those of unknown names too',
    async (transport) => {
      const client = await openSocketIo(transport);
      const errors = await errorsOf(client, [['nobody-knows'], ['guilds'], ['guilds'], ['nobody-knows']]);
      expect(errors).toEqual(['request.unknown_type', undefined, limited, limited]);
      client.socket.emit('guilds');
      await vi.waitFor(() => expect(client.errors).toMatchObject([{ error: { code: limited } }]));
      expect(client.socket.connected).toBe(true);
    },
  );

  it('are counted for each socket alone', async () => {
    const [one, other] = [await openSocketIo(), await openSocketIo()];
    expect(await errorsOf(one, [['guilds'], ['guilds'], ['guilds']])).toEqual([undefined, undefined, limited]);
    expect(await errorsOf(other, [['guilds'], ['guilds']])).toEqual([undefined, undefined]);
  });

  it('end the connection on WebSocket when they go on regardless', async () => {
    const client = await openWebSocket();
    for (let n = 0; n < 102; n += 1) client.send('no JSON');
    await client.until(() => client.frames.length === 1 + 102, 5_000);
    expect(client.closed).toBeUndefined();
    client.send('no JSON');
    await client.until(() => client.closed !== undefined, 5_000);
    expect(client.closed).toEqual({ code: 3503, reason: 'flood' });
  });

  it.each(['websocket', 'polling'])('end the connection on socket.io (%s) likewise', async (transport) => {
    const client = await openSocketIo(transport);
    const messages = Array.from({ length: 102 }, (_, n): [string] => [n % 2 ? 'guilds' : 'nobody-knows']);
    expect((await errorsOf(client, messages)).filter((code) => code === limited)).toHaveLength(100);
    expect(client.socket.connected).toBe(true);
    client.socket.emit('guilds');
    await vi.waitFor(() => expect(client.socket.connected).toBe(false));
    const { closing } = client;
    expect(closing).toMatchObject({ code: 3503, reason: 'flood' });
    expect(closing).not.toHaveProperty('retryAfter');
  });
});

describe('joins of one socket', () => {
  useApp({ SOCKET_JOINS_PER_SECOND: '0.2', MAX_ROOMS_PER_SOCKET: '2' });

  it('are refused on WebSocket beyond their rate, and the room before stays', async () => {
    const client = await openWebSocket('/ws/guilds/repos');
    await client.nextOf('server-join');
    for (const server of ['docs', 'dworld']) client.connect({ server });
    expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
    const { data } = await client.nextOf('error');
    expect(data).toMatchObject({ code: limited, retryAfter: expect.toSatisfy(isWaitBelow(5)) as unknown });
    await app.log.append(messageOf(docs, author, 'in docs'));
    await app.log.append(messageOf(dworld, author, 'in dworld'));
    expect((await client.nextOf('message')).data).toMatchObject({ message: 'in docs' });
    expect((await client.settled()).filter(({ type }) => type === 'message')).toHaveLength(1);
  });

  it('are refused on socket.io beyond their rate, other messages are not', async () => {
    const client = await openSocketIo();
    const join = (guildId: string): [string, unknown] => ['join', { guildId }];
    expect(await errorsOf(client, [join('docs'), join('nowhere'), join('dworld')])).toEqual([
      undefined,
      'guild.not_found',
      limited,
    ]);
    expect(await errorsOf(client, [['guilds'], ['leave', { guildId: docs }], ['guilds']])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('rooms of one socket', () => {
  useApp({ MAX_ROOMS_PER_SOCKET: '2' });

  it('are bounded; who is in one may ask for it again, and who leaves one may enter another', async () => {
    const client = await openSocketIo();
    const join = async (guildId: string) => (await client.ask('join', { guildId })).error;
    expect([await join(docs), await join(dworld)]).toEqual([undefined, undefined]);
    expect(await join(repos)).toEqual({ code: limited, message: 'A socket may be in 2 rooms.' });
    expect(await join('DOCS')).toBeUndefined();
    await app.log.append(messageOf(repos, author, 'not for us'));
    await app.log.append(messageOf(docs, author, 'for us'));
    await vi.waitFor(() => expect(client.events.map(({ guildId }) => guildId)).toEqual([docs]));
    await client.ask('leave', { guildId: docs });
    expect(await join(repos)).toBeUndefined();
    expect(await join(docs)).toMatchObject({ code: limited });
  });
});

describe('the longest message', () => {
  useApp({ MAX_FRAME_BYTES: String(frameBound) });
  /** JSON of just so many bytes. */
  const textOf = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;

  it('is answered on WebSocket, and one byte more is closed with 1009', async () => {
    const client = await openWebSocket();
    client.send(textOf(frameBound));
    expect((await client.next()).data).toMatchObject({ code: 'request.invalid' });
    client.send(textOf(frameBound + 1));
    await client.until(() => client.closed !== undefined, 5_000);
    expect(client.closed?.code).toBe(1009);
  });

  it('counts all pieces of a message on WebSocket', async () => {
    const client = await openWebSocket();
    client.socket.send(textOf(frameBound), { fin: false });
    client.socket.send('x', { fin: true });
    await client.until(() => client.closed !== undefined, 5_000);
    expect(client.closed?.code).toBe(1009);
  });

  it.each(['websocket', 'polling'])('is answered on socket.io (%s), and a longer one ends it', async (transport) => {
    const client = await openSocketIo(transport);
    const head = '420["x",""]'.length;
    const fits = 'x'.repeat(frameBound - head);
    expect((await client.ask('x', fits)).error?.code).toBe('request.unknown_type');
    client.socket.emit('xx', `${fits}xxx`);
    await vi.waitFor(() => expect(client.socket.connected).toBe(false));
    expect(client.errors).toEqual([]);
  });
});

function isWaitBelow(most: number): (seconds: unknown) => boolean {
  return (seconds) => typeof seconds === 'number' && seconds >= 1 && seconds <= most;
}
