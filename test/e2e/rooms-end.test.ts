import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeReasons } from '../../src/domain/closing.js';
import { GuildRooms } from '../../src/gateway/guild-rooms.js';
import { Connections } from '../../src/gateway/connections.js';
import { type DataProvider } from '../../src/providers/data-provider.js';
import { MockProvider } from '../../src/providers/mock.provider.js';
import { memberOf, presenceOf } from '../support/events.js';
import { RawSocket } from '../support/raw-socket.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const docs = '482241773318701056';
const dworld = '232769614004748288';
const resident = memberOf('223456789012345001', { displayName: 'nntin.xyz/me' });

let app: TestApp | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function stream(url: string, guild = 'docs'): Promise<RawSocket> {
  const socket = await RawSocket.open(url);
  socket.request(`GET /api/v1/guilds/${guild}/events HTTP/1.1`, 'Host: x', 'Accept: text/event-stream');
  await vi.waitFor(() => expect(socket.received).toContain('event: snapshot'));
  return socket;
}

describe('a guild that is removed', () => {
  it('lets everybody out of its room, on every transport, and nothing more of it is heard', async () => {
    app = await startTestApp();
    const { log, url } = app;
    const rooms = app.app.get(GuildRooms);
    const dzone = await WebSocketClient.open(url);
    dzone.connect({ server: 'docs' });
    await dzone.nextOf('server-join');
    const sio = await SocketIoClient.open(url);
    await sio.ask('join', { guildId: docs });
    const sse = await stream(url);
    expect(rooms.peek(docs)?.occupants).toBe(3);

    const room = rooms.peek(docs);
    await log.append({ type: 'guild.removed', guildId: docs, data: {} });
    await vi.waitFor(() => expect(sse.received.endsWith('0\r\n\r\n')).toBe(true));
    expect(sse.received).toContain('event: guild.removed');
    // The d-zone client cannot be without a world.
    expect((await dzone.nextOf('server-join')).data.serverName).toBe('D-World');
    expect(room?.occupants).toBe(0);
    expect(rooms.peek(docs)).toBeUndefined();
    await log.append(presenceOf(docs, resident, 'idle'));
    await sio.ask('guilds', {});
    expect(sio.events.map(({ type }) => type)).toEqual(['guild.removed']);
    expect((await dzone.settled()).filter(({ server }) => server === docs)).toEqual([]);
    sio.close();
    sse.destroy();
    await dzone.close();
    await vi.waitFor(() => expect(rooms.peek(dworld)?.occupants).toBe(0));
  });
});

describe('messages sent behind each other', () => {
  it('are taken in their order on socket.io: a leave does not overtake its join', async () => {
    app = await startTestApp();
    const client = await SocketIoClient.open(app.url);
    const answers = await Promise.all([
      client.ask('join', { guildId: 'DOCS' }),
      client.ask('leave', { guildId: 'Docs' }),
      client.ask('join', { guildId: dworld }),
      client.ask('join', { guildId: dworld }),
    ]);
    expect(answers[1]).toEqual({ guildId: docs });
    expect(client.order).toEqual(['answer:join', 'answer:leave', 'answer:join', 'answer:join']);
    await app.log.append(presenceOf(docs, resident, 'idle'));
    await app.log.append(presenceOf(dworld, resident, 'idle'));
    await client.ask('guilds', {});
    expect(client.events.map(({ guildId }) => guildId)).toEqual([dworld]);
    expect(app.app.get(GuildRooms).peek(dworld)?.occupants).toBe(1);
    client.close();
    const rooms = app.app.get(GuildRooms);
    await vi.waitFor(() => expect(rooms.peek(dworld)?.occupants).toBe(0));
    expect(rooms.peek(docs)?.occupants).toBe(0);
  });

  it('leave nothing behind when the client goes while its joins are under way', async () => {
    app = await startTestApp();
    const rooms = app.app.get(GuildRooms);
    for (let n = 0; n < 5; n += 1) {
      const client = await SocketIoClient.open(app.url);
      for (const guildId of ['docs', 'repos', 'dworld']) client.socket.emit('join', { guildId });
      client.close();
      const dzone = await WebSocketClient.open(app.url);
      for (const server of ['docs', 'repos', 'dworld']) dzone.connect({ server });
      dzone.socket.terminate();
    }
    await vi.waitFor(() => expect(app?.app.get(Connections).size).toBe(0));
    const present = ['docs', docs, dworld, '987654321098765432'].map((id) => rooms.peek(id)?.occupants ?? 0);
    expect(present).toEqual([0, 0, 0, 0]);
  });
});

describe('a default guild that cannot be read', () => {
  it('puts a d-zone client into the waiting room, without an error, and lets it in later', async () => {
    app = await startTestApp({ HEARTBEAT_SECONDS: '0.2' });
    const broken = vi.spyOn(app.app.get<DataProvider>(MockProvider, { strict: false }), 'loadGuild');
    broken.mockRejectedValue(new Error('out of order'));
    const client = await WebSocketClient.open(app.url);
    client.connect({ server: null });
    expect((await client.nextOf('server-join')).data).toMatchObject({ users: {}, serverName: 'Waiting room' });
    broken.mockRestore();
    expect((await client.nextOf('server-join')).data.serverName).toBe('D-World');
    expect(client.frames.map(({ type }) => type)).toEqual(['server-list', 'server-join', 'server-join']);
    await client.close();
  });
});

describe('the end of the application', () => {
  it('ends every connection, tells WebSocket clients why, and lets nobody in meanwhile', async () => {
    const ending = await startTestApp();
    const { url } = ending;
    const dzone = await WebSocketClient.open(url);
    dzone.connect({ server: 'docs' });
    await dzone.nextOf('server-join');
    const sio = await SocketIoClient.open(url);
    await sio.ask('join', { guildId: docs });
    const polling = await SocketIoClient.open(url, { transports: ['polling'] });
    const sse = await stream(url);
    const connections = ending.app.get(Connections);
    expect(connections.refusal('192.0.2.1')).toBeUndefined();

    await ending.close();
    expect(connections.refusal('192.0.2.1')).toMatchObject({ reason: 'shutdown', code: 3001 });
    await vi.waitFor(() => expect(dzone.closed).toEqual({ code: 3001, reason: 'shutdown' }));
    await vi.waitFor(() => expect(sio.socket.connected || polling.socket.connected).toBe(false));
    await vi.waitFor(() => expect(sse.ended).toBe(true));
    const closing = { code: 3001, reason: 'shutdown', message: closeReasons.shutdown.message };
    expect(sio.closing).toEqual(closing);
    expect(polling.closing).toEqual(closing);
    expect(sse.received).toContain(`event: closing\ndata: ${JSON.stringify(closing)}\n\n`);
    // The stream is whole: what came was all there was.
    expect(sse.received.endsWith('0\r\n\r\n')).toBe(true);
    await vi.waitFor(() => expect(connections.size).toBe(0));
  });
});
