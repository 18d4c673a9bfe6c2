import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ClientOptions,
  type ClientRoom,
  type Closing,
  connect,
  type GuildClient,
} from '../../src/client/index.js';
import { closingFor } from '../../src/domain/closing.js';

const soon = { timeout: 15_000 };

const clients: GuildClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open(url: string, options: ClientOptions = {}): GuildClient {
  const client = connect(url, { backoff: { baseMs: 50, capMs: 200 }, ...options });
  clients.push(client);
  return client;
}

const untilLive = (room: ClientRoom) => vi.waitFor(() => expect(room.status).toEqual({ name: 'live' }), soon);

describe('the client before a server that ends connections', () => {
  let server: Server;
  let url: string;
  /** What the next connections hear before their end, in order; when none is left, connections stay. */
  let closings: unknown[];
  let connections: number;
  /** Whether the server ends a connection after its word. */
  let ends: boolean;

  beforeAll(async () => {
    const http = createServer();
    server = new Server(http);
    server.on('connection', (socket) => {
      connections += 1;
      socket.on('join', ({ guildId }: { guildId: string }, answer: (said: object) => void) => {
        const guild = { id: guildId, name: guildId, alias: guildId, iconUrl: null, door: 'open' };
        answer({ guildId, cursor: 'e:1', recovered: false, snapshot: { guild, members: [] } });
      });
      if (closings.length === 0) return;
      socket.emit('closing', closings.shift());
      if (ends) socket.disconnect(true);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    closings = [];
    connections = 0;
    ends = true;
  });
  afterAll(() => server.close());

  /** Every connection that was lost, with what the client said of it. */
  function losses(client: GuildClient): (Closing | undefined)[] {
    const heard: (Closing | undefined)[] = [];
    client.on('status', (status) => {
      if (status.name === 'waiting' || status.name === 'refused') heard.push(status.closing);
    });
    return heard;
  }

  it.each([['websocket'], ['polling']] as const)('says why over %s, and comes back', async (transport) => {
    closings = [closingFor('shutdown'), closingFor('slow-consumer'), { code: 3503, reason: 'lunch' }];
    const client = open(url, { transports: [transport] });
    const heard = losses(client);
    const room = client.join('docs');
    await untilLive(room);
    expect(heard).toEqual([closingFor('shutdown'), closingFor('slow-consumer'), undefined]);
    expect(connections).toBe(4);
  });

  it('comes back no earlier than it was told', async () => {
    closings = [closingFor('service-full', 3_600)];
    const before = Date.now();
    const client = open(url);
    const room = client.join('docs');
    await vi.waitFor(() => expect(room.status).toHaveProperty('closing.reason', 'service-full'), soon);
    expect(room.status).toEqual(client.status);
    expect((room.status as { until: number }).until).toBeGreaterThanOrEqual(before + 3_600_000);
    client.retryNow();
    await untilLive(room);
  });

  it('goes at the word, not at the end of a server that takes its time', async () => {
    ends = false;
    closings = [closingFor('flood')];
    const client = open(url);
    client.join('docs');
    await vi.waitFor(() => expect(client.status.name).toBe('refused'), soon);
    await vi.waitFor(() => expect(server.sockets.sockets.size).toBe(0), soon);
    expect(connections).toBe(1);
  });

  it('may be tried again by whoever hears of the end, while it is told', async () => {
    closings = [closingFor('flood'), closingFor('service-full', 3_600)];
    const client = open(url);
    client.on('status', ({ name }) => {
      if (name === 'refused' || name === 'waiting') client.retryNow();
    });
    await untilLive(client.join('docs'));
    expect(connections).toBe(3);
  });

  it('stays away when it shall not come back, with all its rooms, until somebody asks', async () => {
    const closing = closingFor('flood');
    closings = [closing];
    const client = open(url, { backoff: { baseMs: 1, capMs: 1 } });
    const rooms = [client.join('docs'), client.join('works')];
    await vi.waitFor(() => expect(client.status).toEqual({ name: 'refused', closing }), soon);
    for (const room of rooms) expect(room.status).toEqual({ name: 'refused', closing });
    // Another one, which may come back, does so often meanwhile: with the same waits, the first would have too.
    closings = Array.from({ length: 20 }, () => closingFor('shutdown'));
    await untilLive(open(url, { backoff: { baseMs: 1, capMs: 1 } }).join('docs'));
    expect(connections).toBe(1 + 21);
    client.retryNow();
    await Promise.all(rooms.map(untilLive));
    expect(connections).toBe(1 + 21 + 1);
  });
});
