import { Injectable } from '@nestjs/common';
import { type Cursor, parseCursor } from '../domain/cursor.js';
import { type DomainEvent } from '../domain/events/index.js';
import { Fault } from '../domain/fault.js';
import { type GuildSnapshot } from '../domain/guild-snapshot.js';
import { EventLog } from '../event-log/event-log.js';
import { GatewayMetrics, type joinOutcomes } from './gateway.metrics.js';
import { type Credentials, GuildAccess } from './guild-access.js';
import { type DirectoryEntry, GuildDirectory } from './guild-directory.js';
import { type GuildRoom } from './guild-room.js';
import { GuildRooms } from './guild-rooms.js';
import { type TransportName } from './transport.js';
import { type Visit } from './visits.js';

export interface VisitRequest {
  /** Id or alias. */
  guild: string;
  credentials: Credentials;
  /** Where the client is: what it shows in vain counts against this address. */
  address?: string;
}

export interface JoinRequest extends VisitRequest {
  transport: TransportName;
  /** Where the client was, if it was there before; anything that is not a cursor of ours counts as having none. */
  cursor?: unknown;
}

interface Entered {
  room: GuildRoom;
  entry: DirectoryEntry;
  cursor: Cursor;
  /** Of those who may have to be let out again: it begins when they listen, and ends when they leave. */
  visit?: Visit;
}

/** `recovered`: the missed events, oldest first, continue what the client has. Otherwise it starts from the snapshot. */
export type Joined = Entered &
  ({ recovered: true; missed: DomainEvent[] } | { recovered: false; snapshot: GuildSnapshot });

/** How often a resume catches up with a room that moves on meanwhile, before it settles for a snapshot. */
const catchUpTries = 5;

/** The one way into a room, for every transport and for REST. */
@Injectable()
export class JoinService {
  constructor(
    private readonly directory: GuildDirectory,
    private readonly rooms: GuildRooms,
    private readonly access: GuildAccess,
    private readonly log: EventLog,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * Calls `enter` once, with the client's way into the room. It must send what it is given and start listening to the
   * room before it returns: events that come later go to listeners only, so nothing is lost and nothing comes twice.
   * @throws Fault `guild.not_found`, `guild.guarded`, `guild.unavailable`, and those of `GuildAccess.admit`; then `enter` is not called.
   */
  async join(request: JoinRequest, enter: (joined: Joined) => void): Promise<void> {
    const { transport, cursor } = request;
    let outcome: (typeof joinOutcomes)[number] = 'refused';
    try {
      await this.findWay(request, (joined) => {
        enter(joined);
        outcome = joined.recovered ? 'recovered' : cursor === undefined ? 'fresh' : 'not_recovered';
      });
    } finally {
      this.metrics.joins.inc({ transport, outcome });
    }
  }

  /** Every guild a visitor may know of, oldest first. */
  list(): Promise<DirectoryEntry[]> {
    return this.directory.list();
  }

  /** By id or alias. */
  find(guild: string): Promise<DirectoryEntry | undefined> {
    return this.directory.find(guild);
  }

  /** The guild meant by a client that names none; undefined while no guild is open. */
  defaultGuild(): Promise<DirectoryEntry | undefined> {
    return this.directory.defaultGuild();
  }

  /** The room behind the door, for those who only look. @throws as `join` */
  async admit(request: VisitRequest): Promise<{ entry: DirectoryEntry; room: GuildRoom; visit?: Visit }> {
    const { guild, credentials, address } = request;
    const entry = await this.directory.find(guild);
    if (!entry) throw new Fault('guild.not_found', 'There is no such guild.');
    const visit = await this.access.admit(entry, credentials, address);
    const room = await this.rooms.open(entry.id);
    room.door ??= entry.door;
    return { entry, room, ...(visit && { visit }) };
  }

  private async findWay(request: JoinRequest, enter: (joined: Joined) => void): Promise<void> {
    const { entry, room, visit } = await this.admit(request);
    const way = { room, entry, ...(visit && { visit }) };
    const from = parseCursor(request.cursor);
    for (let tries = 0; from && tries < catchUpTries; tries += 1) {
      const { turns } = room;
      const events = await this.log.since(room.guildId, request.cursor);
      // Somebody who is in these events may not be shown any more.
      if (turns !== room.turns) continue;
      // A room that ended meanwhile began anew from its source: no sum of events leads there.
      if (!events || events.some(({ type }) => type === 'guild.removed')) break;
      // No await from here to `enter`: an event that comes between this look and the entry would be lost.
      const missed = room.offset - from.offset;
      if (missed < 0 || missed > events.length) continue;
      this.mustBeOpen(room);
      return enter({ ...way, recovered: true, cursor: String(request.cursor), missed: events.slice(0, missed) });
    }
    this.mustBeOpen(room);
    enter({ ...way, recovered: false, cursor: room.cursor, snapshot: room.snapshot(entry) });
  }

  private mustBeOpen(room: GuildRoom): void {
    if (this.rooms.peek(room.guildId) === room) return;
    throw new Fault('guild.not_found', 'There is no such guild any more.');
  }
}
