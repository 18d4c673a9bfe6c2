import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RoomAdapter } from '../../../src/gateway/transports/room.adapter.js';

/** socket.io itself, with our adapter under it: what socket.io promises must still hold. */
describe('the room adapter', () => {
  const http = createServer();
  let server: Server;
  let url: string;
  const clients: Socket[] = [];

  beforeAll(async () => {
    server = new Server(http, {
      adapter: RoomAdapter as never,
    });
    server.on('connection', (socket) => {
      socket.on('enter', (room: string, acknowledge: (answer: unknown) => void) => {
        acknowledge('entered');
        void socket.join(room);
      });
      socket.on('leave', (room: string, acknowledge: (answer: unknown) => void) => {
        void socket.leave(room);
        acknowledge('left');
      });
      socket.on('burst', (room: string, acknowledge: (answer: unknown) => void) => {
        server.to(room).emit('event', 'before');
        acknowledge('answer');
        server.to(room).emit('event', 'after');
      });
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });

  async function open(transports: string[]): Promise<{ socket: Socket; heard: unknown[] }> {
    const socket = io(url, { transports, reconnection: false, forceNew: true });
    clients.push(socket);
    const heard: unknown[] = [];
    socket.on('event', (value: unknown) => heard.push(value));
    await once(socket as never, 'connect');
    return { socket, heard };
  }

  it.each([['websocket'], ['polling']])('carries events to a room over %s, in order', async (transport) => {
    const { socket, heard } = await open([transport]);
    await socket.emitWithAck('enter', 'a');
    for (let n = 0; n < 100; n += 1) server.to('a').emit('event', n);
    server.to('elsewhere').emit('event', 'not for us');
    await vi.waitFor(() => expect(heard).toHaveLength(100));
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it('lets nothing overtake: events before an acknowledgement come before it', async () => {
    const { socket, heard } = await open(['websocket']);
    await socket.emitWithAck('enter', 'b');
    for (let round = 0; round < 20; round += 1) {
      const before = heard.length;
      socket.emit('burst', 'b', (value: unknown) => heard.push(value));
      await vi.waitFor(() => expect(heard.length).toBe(before + 3));
      expect(heard.slice(before)).toEqual(['before', 'answer', 'after']);
    }
  });

  it('loses and reorders nothing for clients that upgrade while events stream', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(['polling', 'websocket'])));
    await Promise.all(streams.map(({ socket }) => socket.emitWithAck('enter', 'c')));
    for (let n = 0; n < 1_000; n += 1) {
      server.to('c').emit('event', n);
      if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const all = Array.from({ length: 1_000 }, (_, n) => n);
    await vi.waitFor(() => expect(streams.map(({ heard }) => heard.length)).toEqual(streams.map(() => 1_000)), {
      timeout: 10_000,
    });
    for (const { heard } of streams) expect(heard).toEqual(all);
    await vi.waitFor(() =>
      expect(streams.every(({ socket }) => socket.io.engine.transport.name === 'websocket')).toBe(true),
    );
    server.to('c').emit('event', 'last');
    await vi.waitFor(() => expect(streams.map(({ heard }) => heard.at(-1))).toEqual(streams.map(() => 'last')));
  });

  it('sends nothing of a room after it was left', async () => {
    const { socket, heard } = await open(['websocket']);
    await socket.emitWithAck('enter', 'd');
    await socket.emitWithAck('leave', 'd');
    server.to('d').emit('event', 'late');
    await socket.emitWithAck('enter', 'd');
    server.to('d').emit('event', 'now');
    await vi.waitFor(() => expect(heard).toEqual(['now']));
  });

  it('still does what socket.io does besides: several rooms, exceptions, binary, direct, volatile', async () => {
    const [one, two] = [await open(['websocket']), await open(['websocket'])];
    await one.socket.emitWithAck('enter', 'e');
    await two.socket.emitWithAck('enter', 'e');
    await two.socket.emitWithAck('enter', 'f');
    server.to(['e', 'f']).emit('event', 'once');
    server.to('e').except('f').emit('event', 'only one');
    server.to('e').emit('event', Buffer.from('bytes'));
    server.to(one.socket.id ?? '').emit('event', 'direct');
    server.emit('event', 'everybody');
    await vi.waitFor(() => expect(one.heard).toHaveLength(5));
    await vi.waitFor(() => expect(two.heard).toHaveLength(3));
    // Only now is the way free: a volatile event is dropped where another one still waits.
    server.to('e').volatile.emit('event', 'volatile');
    await vi.waitFor(() => expect([one.heard.length, two.heard.length]).toEqual([6, 4]));
    const plain = (values: unknown[]) => values.map((value) => (typeof value === 'string' ? value : 'bytes'));
    expect(plain(one.heard)).toEqual(['once', 'only one', 'bytes', 'direct', 'everybody', 'volatile']);
    expect(plain(two.heard)).toEqual(['once', 'bytes', 'everybody', 'volatile']);
  });

  it('forgets rooms and members that are gone', async () => {
    const { socket } = await open(['websocket']);
    await socket.emitWithAck('enter', 'g');
    const adapter = server.of('/').adapter as unknown as { lanes: Map<string, unknown>; members: Map<string, unknown> };
    expect(adapter.lanes.has('g')).toBe(true);
    for (const client of clients.splice(0)) client.disconnect();
    await vi.waitFor(() => expect([adapter.lanes.size, adapter.members.size]).toEqual([0, 0]));
  });
});
