import { type Socket as TcpSocket } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type WebSocket } from 'ws';
import { messageOf, presenceOf } from '../support/events.js';
import { enlarge, membersOf } from '../support/large-guild.js';
import { type RawFrame, readFrames } from '../support/raw-frames.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { type Frame, WebSocketClient } from '../support/websocket-client.js';

const [docs, repos] = ['482241773318701056', '987654321098765432'] as const;
const members = membersOf(2_500);
const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';

let app: TestApp;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  app = await startTestApp({
    PERMESSAGE_DEFLATE: 'on',
    DZONE_MAX_MEMBERS: '5000',
    MAX_FRAME_BYTES: '1048576',
    SOCKET_JOINS_PER_SECOND: '1000',
  });
  enlarge(app, docs, members);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await app.close();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Offer = boolean | { serverMaxWindowBits: number };

async function zone(perMessageDeflate: Offer): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(app.url, '/ws', { perMessageDeflate });
  ends.push(() => client.close());
  await client.nextOf('server-list');
  return client;
}

async function sio(perMessageDeflate: Offer, transports = ['websocket']): Promise<SocketIoClient> {
  const client = await SocketIoClient.open(app.url, { perMessageDeflate: perMessageDeflate as never, transports });
  ends.push(() => client.close());
  return client;
}

async function worldOf(client: WebSocketClient, server: string, more: Record<string, unknown> = {}): Promise<Frame> {
  client.connect({ server, ...more });
  return client.nextOf('server-join');
}

/** The WebSocket under a socket.io client. */
function webSocketOf(client: SocketIoClient): WebSocket {
  return (client.socket.io.engine.transport as unknown as { ws: WebSocket }).ws;
}

/** Bytes that come over the wire while something is asked. */
async function cost(socket: WebSocket, act: () => Promise<unknown>): Promise<number> {
  const wire = (socket as unknown as { _socket: TcpSocket })._socket;
  const before = wire.bytesRead;
  await act();
  return wire.bytesRead - before;
}

describe('a snapshot for those who offer compression', () => {
  it.each(['docs', 'repos'])('is the same over WebSocket as for those who do not: %s', async (guild) => {
    const [packed, plain] = [await zone(true), await zone(false)];
    expect([packed.socket.extensions, plain.socket.extensions]).toEqual(['permessage-deflate', '']);
    const world = await worldOf(packed, guild);
    expect(world).toEqual(await worldOf(plain, guild));
    if (guild !== 'docs') return;
    const users = Object.values(world.data.users as Record<string, { username: string }>);
    expect(users.map(({ username }) => username)).toEqual(members.map(({ displayName }) => displayName));
  });

  it.each(['docs', 'repos'])('is the same over socket.io as for those who do not: %s', async (guildId) => {
    const [packed, plain] = [await sio(true), await sio(false)];
    expect([webSocketOf(packed).extensions, webSocketOf(plain).extensions]).toEqual(['permessage-deflate', '']);
    const answer = await packed.ask('join', { guildId });
    expect(answer).toEqual(await plain.ask('join', { guildId }));
    expect(answer.snapshot?.members).toHaveLength(guildId === 'docs' ? 2_500 : answer.snapshot!.guild.memberCount);
    expect(await packed.ask('guilds')).toEqual(await plain.ask('guilds'));
    // Without an acknowledgement it is a message.
    packed.socket.emit('join', { guildId });
    await vi.waitFor(() => expect(packed.events).toEqual([answer]));
  });

  it('is the same for those who poll, and who upgrade from that', async () => {
    const polling = await sio(true, ['polling']);
    const upgraded = await sio(true, ['polling', 'websocket']);
    await vi.waitFor(() => expect(upgraded.socket.io.engine.transport.name).toBe('websocket'));
    const answer = await polling.ask('join', { guildId: docs });
    expect(answer.snapshot?.members).toEqual(members);
    expect(await upgraded.ask('join', { guildId: docs })).toEqual(answer);
  });

  it('is a small part of the bytes on the wire', async () => {
    const [zonePacked, zonePlain] = [await zone(true), await zone(false)];
    const zoneBytes = await cost(zonePacked.socket, () => worldOf(zonePacked, 'docs'));
    expect(zoneBytes).toBeLessThan((await cost(zonePlain.socket, () => worldOf(zonePlain, 'docs'))) / 3);
    const [packed, plain] = [await sio(true), await sio(false)];
    const bytes = await cost(webSocketOf(packed), () => packed.ask('join', { guildId: docs }));
    expect(bytes).toBeLessThan((await cost(webSocketOf(plain), () => plain.ask('join', { guildId: docs }))) / 3);
  });

  it('is one frame that says so, and live frames after it are plain', async () => {
    const client = await RawSocket.open(app.url);
    ends.push(() => client.destroy());
    client.request('GET /ws/guilds/docs HTTP/1.1', ...upgradeHeaders, offer);
    const frames = (): RawFrame[] => {
      const bytes = Buffer.from(client.received, 'latin1');
      return readFrames(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).frames;
    };
    await vi.waitFor(() => expect(frames()).toHaveLength(2));
    // Neither side keeps anything between two messages.
    for (const side of ['server', 'client']) expect(client.received).toContain(`${side}_no_context_takeover`);
    await app.log.append(messageOf(docs, members[0]!, 'plain'));
    await vi.waitFor(() => expect(frames()).toHaveLength(3));
    expect(frames().map(({ first }) => first)).toEqual([0xc1, 0xc1, 0x81]);
    const tail = Buffer.from([0, 0, 0xff, 0xff]);
    const [list, world, live] = frames();
    const read = ({ payload }: RawFrame) =>
      JSON.parse(inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: 2 }).toString()) as Frame;
    expect(read(list!).type).toBe('server-list');
    expect(Object.keys(read(world!).data.users as object)).toHaveLength(2_500);
    expect(JSON.parse(live!.payload.toString())).toMatchObject({ type: 'message', data: { message: 'plain' } });
  });
});

describe('what follows a compressed snapshot', () => {
  it('comes in the same order on WebSocket, over many joins and switches', async () => {
    const [packed, plain] = [await zone(true), await zone(false)];
    const start = [packed, plain].map(({ frames }) => frames.length);
    for (const [round, server] of ['docs', 'docs', 'repos', 'docs', 'dworld', 'repos', 'docs'].entries()) {
      for (const client of [packed, plain]) await worldOf(client, server);
      for (let n = 0; n < 20; n += 1) {
        await app.log.append(presenceOf(docs, members[n]!, n % 2 ? 'idle' : 'dnd'));
        await app.log.append(messageOf(repos, members[n]!, `round ${round}, ${'Zoë '.repeat(n * 20)}`));
      }
      // Behind events that have only just been sent.
      for (const client of [packed, plain]) client.send({ type: 'snapshot' });
      for (const client of [packed, plain]) await client.nextOf('server-join');
      await app.log.append(messageOf(docs, members[0]!, `end of round ${round}`));
    }
    const told = await Promise.all([packed, plain].map((client) => client.settled()));
    expect(told[0]!.slice(start[0])).toEqual(told[1]!.slice(start[1]));
    expect(told[0]!.filter(({ type }) => type === 'server-join')).toHaveLength(14);
    // A snapshot in the midst of a room has what came before it.
    const last = told[0]!.findLast(({ type }) => type === 'server-join');
    expect(last?.data.users).toMatchObject({
      [members[1]!.id]: { status: 'idle' },
      [members[2]!.id]: { status: 'dnd' },
    });
  });

  it('comes in the same order on socket.io, over many joins and switches', async () => {
    const [packed, plain] = [await sio(true), await sio(false)];
    for (const [round, guildId] of [docs, docs, repos, docs].entries()) {
      const answers = await Promise.all([packed, plain].map((client) => client.ask('join', { guildId })));
      expect(answers[0]).toEqual(answers[1]);
      for (let n = 0; n < 20; n += 1) await app.log.append(messageOf(guildId, members[n]!, `№ ${n} of ${round}`));
      if (round % 2) for (const client of [packed, plain]) await client.ask('leave', { guildId });
    }
    for (const client of [packed, plain]) await client.ask('guilds');
    expect(packed.events).toEqual(plain.events);
    expect(packed.events).toHaveLength(20 * 4);
    expect(packed.order).toEqual(plain.order);
  });
});

describe('what a client asked with, around a compressed snapshot', () => {
  /** Bytes of a `server-join` behind its users, without the password. */
  async function bytesBehind(client: WebSocketClient): Promise<number> {
    const { data } = await worldOf(client, 'repos', { password: 'x' });
    const { users, ...rest } = data;
    expect(users).toBeDefined();
    // The users come first and are shared. A comma in the place of the first brace, and the end of the message.
    return Buffer.byteLength(JSON.stringify(rest)) + 1 - Buffer.byteLength('x');
  }

  it.each([65_534, 65_535, 65_536, 65_537, 131_070, 131_071, 400_000])(
    'comes back whole when it takes %i bytes, at the bounds of blocks that are stored',
    async (length) => {
      const client = await zone(true);
      const bytes = length - (await bytesBehind(client));
      for (const password of ['x'.repeat(bytes), `${'ë'.repeat(bytes >> 1)}${'y'.repeat(bytes % 2)}`]) {
        const { data } = await worldOf(client, 'repos', { password });
        expect((data.request as { password: string }).password === password).toBe(true);
        expect(data.serverName).toBe('My Repos');
      }
      await app.log.append(messageOf(repos, members[0]!, 'and on'));
      expect((await client.nextOf('message')).data.message).toBe('and on');
    },
  );
});

describe('clients that can inflate less than a whole window', () => {
  it.each([9, 10, 14, 15])('understand what they get with %i bits on WebSocket', async (serverMaxWindowBits) => {
    const [narrow, plain] = [await zone({ serverMaxWindowBits }), await zone(false)];
    expect(await worldOf(narrow, 'docs')).toEqual(await worldOf(plain, 'docs'));
    expect(narrow.closed).toBeUndefined();
  });

  it.each([9, 15])('understand what they get with %i bits on socket.io', async (serverMaxWindowBits) => {
    const [narrow, plain] = [await sio({ serverMaxWindowBits }), await sio(false)];
    expect(await narrow.ask('join', { guildId: docs })).toEqual(await plain.ask('join', { guildId: docs }));
  });

  it('get the other offer that they make', async () => {
    const client = await RawSocket.open(app.url);
    ends.push(() => client.destroy());
    const offers = 'permessage-deflate; server_max_window_bits=10, permessage-deflate';
    client.request('GET /ws HTTP/1.1', ...upgradeHeaders, `Sec-WebSocket-Extensions: ${offers}`);
    await vi.waitFor(() => expect(client.received).toContain('HTTP/1.1 101'));
    expect(client.received).toContain('Sec-WebSocket-Extensions: permessage-deflate;');
    expect(client.received).not.toContain('server_max_window_bits');
  });
});
