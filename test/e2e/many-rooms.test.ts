import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManyGuildsServer, manyGuildsId } from '../support/many-guilds-server.js';
import { RawSocket } from '../support/raw-socket.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

const guilds = 10_000;
/** Rooms of one client. */
const each = 250;
const patience = { timeout: 15_000, interval: 20 };

let server: ManyGuildsServer;
/** In use before anybody came. */
let quiet: number;

beforeAll(async () => {
  server = await ManyGuildsServer.start({ count: guilds, live: true }, { MAX_ROOMS_PER_SOCKET: String(each) });
  quiet = await server.memory();
});
afterAll(() => server.stop());

class Wanderer {
  readonly rooms = new Set<string>();
  private constructor(readonly client: SocketIoClient) {}

  static async into(indices: readonly number[]): Promise<Wanderer> {
    const wanderer = new Wanderer(await SocketIoClient.open(server.url));
    const answers = await Promise.all(
      indices.map((index) => wanderer.client.ask('join', { guildId: manyGuildsId(index) })),
    );
    for (const { guildId, error } of answers) {
      if (error) throw new Error(error.message);
      wanderer.rooms.add(guildId);
    }
    return wanderer;
  }

  /** Guilds of the events that came since the last look. */
  heard(): string[] {
    return this.client.events.splice(0).map(({ guildId }) => guildId);
  }

  async leave(guildIds: readonly string[]): Promise<void> {
    await Promise.all(guildIds.map((guildId) => this.client.ask('leave', { guildId })));
    for (const guildId of guildIds) this.rooms.delete(guildId);
  }
}

describe('ten thousand rooms', () => {
  const wanderers: Wanderer[] = [];
  const last = manyGuildsId(guilds - 1);
  let zone: WebSocketClient;
  let stream: RawSocket;

  it('are there at once, hundreds of them entered by one client, and the directory knows all of them', async () => {
    await server.openRooms();
    // Neighbours that share some rooms, and some who have theirs all over the place.
    for (let n = 0; n < 4; n += 1) {
      wanderers.push(await Wanderer.into(Array.from({ length: each }, (_, k) => 200 * n + k)));
      wanderers.push(await Wanderer.into(Array.from({ length: each }, (_, k) => 39 * k + n)));
    }
    zone = await WebSocketClient.open(server.url);
    expect(Object.keys((await zone.nextOf('server-list')).data)).toHaveLength(guilds);
    zone.connect({ server: last });
    expect((await zone.nextOf('server-join')).data.serverName).toBe('One of Many');
    stream = await RawSocket.open(server.url);
    stream.request(`GET /api/v1/guilds/${last}/events HTTP/1.1`, 'Host: x', 'Accept: text/event-stream');
    await vi.waitFor(() => expect(stream.received).toContain('event: snapshot'));
    const aliases = (await (await fetch(`${server.url}/api/v1/guilds`)).json()) as { guilds: { alias: string }[] };
    expect(new Set(aliases.guilds.map(({ alias }) => alias)).size).toBe(guilds);
    expect(await server.state()).toMatchObject({ rooms: guilds, occupants: 8 * each + 2, asked: guilds });
  }, 60_000);

  /** Everybody hears of their rooms once, and of no other. */
  async function hearsWhatItShould(content: string): Promise<void> {
    await server.say(content);
    for (const { client, rooms } of wanderers) {
      await vi.waitFor(() => expect(client.events.length).toBeGreaterThanOrEqual(rooms.size), patience);
      // Whatever was sent before this answer is there.
      await client.ask('leave', { guildId: 'nowhere' });
    }
    for (const wanderer of wanderers) expect(wanderer.heard().sort()).toEqual([...wanderer.rooms].sort());
    const told = (await zone.settled()).filter(({ type, data }) => type === 'message' && data.message === content);
    expect(told.map(({ server: guildId }) => guildId)).toEqual([last]);
    await vi.waitFor(() => expect(stream.received.split(`"content":"${content}"`)).toHaveLength(2));
  }

  it('hear each its own event and no other, when all of them have one at once', async () => {
    await hearsWhatItShould('the first wave');
    await hearsWhatItShould('the second wave');
  }, 60_000);

  it('fall silent for those who leave them', async () => {
    for (const wanderer of wanderers) await wanderer.leave([...wanderer.rooms].filter((_, index) => index % 2));
    await hearsWhatItShould('the third wave');
  }, 60_000);

  it('cost a bounded amount of memory each, and give it back when they are closed', async () => {
    const perRoom = (bytes: number) => (bytes - quiet) / guilds;
    // Three members, a snapshot ready to be sent, three events in the log, and a lane; generous by several times.
    expect(perRoom(await server.memory())).toBeLessThan(20_000);
    for (const { client } of wanderers) client.close();
    await zone.close();
    stream.destroy();
    await vi.waitFor(async () => expect((await server.state()).occupants).toBe(0), patience);
    await server.closeRooms();
    expect((await server.state()).rooms).toBe(0);
    // The log alone still has its events.
    expect(perRoom(await server.memory())).toBeLessThan(6_000);
    expect(server.output).not.toMatch(/"level":[56]0/);
  }, 60_000);
});

describe('rooms of a source that is asked again from time to time', () => {
  const count = 400;
  let asking: ManyGuildsServer;
  beforeAll(async () => {
    asking = await ManyGuildsServer.start(
      { count, live: false },
      { MAX_ROOMS_PER_SOCKET: String(count), PROVIDER_POLL_SECONDS: '0.3' },
    );
  });
  afterAll(() => asking.stop());

  it('are asked about a few at a time, and none of them counts as unavailable for that', async () => {
    const client = await SocketIoClient.open(asking.url);
    for (let index = 0; index < count; index += 1) await client.ask('join', { guildId: manyGuildsId(index) });
    const { asked } = await asking.state();
    await vi.waitFor(async () => expect((await asking.state()).asked).toBeGreaterThan(asked + 3 * count), patience);
    const { most, events } = await asking.state();
    expect(events).toEqual({});
    expect(client.events).toEqual([]);
    expect(most).toBeLessThanOrEqual(8);
    client.close();
  }, 60_000);
});
