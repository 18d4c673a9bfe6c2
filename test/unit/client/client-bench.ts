import { afterEach, beforeEach, expect, vi } from 'vitest';
import { type ClientRoom, type Joined, type RoomStatus } from '../../../src/client/client-room.js';
import { GuildClient } from '../../../src/client/guild-client.js';
import { type Channel } from '../../../src/domain/channel.js';
import { type DomainEvent, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../../src/domain/guild-snapshot.js';
import { memberOf } from '../../support/events.js';
import { ScriptedSocket } from './scripted-socket.js';

export const guildId = '232769614004748288';
export const otherId = '482241773318701056';
export const ada = memberOf('123456789012345001', { displayName: 'Ada', status: 'idle' });
const general: Channel = { id: '123456789012345003', name: 'general', kind: 'text' };
export const bob = memberOf('123456789012345002', { displayName: 'Bob' });

function snapshotAt(cursor: string, fields: Partial<GuildSnapshot['guild']> = {}): GuildSnapshot {
  const counts = { memberCount: 1, onlineCount: 1, default: true };
  return {
    guild: { id: guildId, name: 'Works', alias: 'works', iconUrl: null, door: 'open', ...counts, ...fields },
    members: [ada],
    channels: [general],
    cursor,
    source: 'mock',
    asOf: '2026-01-01T00:00:00.000Z',
    stale: false,
    partial: [],
  };
}

export const entered = (cursor: string, id = guildId) => {
  return { guildId: id, cursor, recovered: false, snapshot: snapshotAt(cursor, { id }) };
};
export const resumed = (cursor: string) => ({ guildId, cursor, recovered: true, snapshot: null });
export const at = (cursor: string, event: NewDomainEvent): DomainEvent => ({
  ...event,
  cursor,
  at: '2026-01-01T00:00:00.000Z',
});

/** A room with everything it told. */
interface WatchedRoom {
  room: ClientRoom;
  joins: Joined[];
  events: string[];
  statuses: RoomStatus[];
}

export interface ClientBench {
  socket: ScriptedSocket;
  client: GuildClient;
  /** Live at `e:5`. */
  liveRoom: () => WatchedRoom;
  send: (event: DomainEvent) => void;
}

/** A client for each test, on a clock that the test moves; every wait is half of the longest. No timer may be left. */
export function clientBench(): ClientBench {
  const bench = {
    liveRoom: () => {
      const { client, socket } = bench;
      const room = client.join('works');
      const told: WatchedRoom = { room, joins: [], events: [], statuses: [] };
      room.on('joined', (joined) => told.joins.push(joined));
      room.on('event', ({ cursor }) => told.events.push(cursor));
      room.on('status', (status) => told.statuses.push(status));
      if (!socket.connected) socket.arrive();
      socket.question.answer(entered('e:5'));
      return told;
    },
    send: (event) => bench.socket.send(event.type, event),
  } as ClientBench;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    bench.socket = new ScriptedSocket();
    bench.client = new GuildClient(bench.socket.io, 'http://guildcast.test');
  });
  afterEach(() => {
    bench.client.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  return bench;
}
