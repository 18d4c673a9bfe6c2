import { Injectable } from '@nestjs/common';
import { type ApiKey } from '../access/api-keys.js';
import { type Cursor, parseCursor } from '../domain/cursor.js';
import { type DomainEvent } from '../domain/events/index.js';
import { Fault } from '../domain/fault.js';
import { type GuildSnapshot } from '../domain/guild-snapshot.js';
import { EventLog } from '../event-log/event-log.js';
import { GuildDoors } from '../guilds/guild-doors.js';
import { type DirectoryEntry, GuildDirectory } from './guild-directory.js';
import { type GuildRoom } from './guild-room.js';
import { GuildRooms } from './guild-rooms.js';

/** What a client shows at a guarded guild's door. A key of scope `read` opens every door. */
export interface Credentials {
  apiKey?: ApiKey;
  password?: string;
  discordToken?: string;
  discordUser?: { id: string; username: string };
}

export interface JoinRequest {
  /** Id or alias. */
  guild: string;
  /** Where the client was, if it was there before; anything that is not a cursor of ours counts as having none. */
  cursor?: unknown;
  credentials: Credentials;
}

interface Entered {
  room: GuildRoom;
  entry: DirectoryEntry;
  cursor: Cursor;
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
    private readonly doors: GuildDoors,
    private readonly log: EventLog,
  ) {}

  /**
   * Calls `enter` once, with the client's way into the room. It must send what it is given and start listening to the
   * room before it returns: events that come later go to listeners only, so nothing is lost and nothing comes twice.
   * @throws Fault `guild.not_found`, `guild.guarded`, `guild.unavailable`; then `enter` is not called.
   */
  async join(request: JoinRequest, enter: (joined: Joined) => void): Promise<void> {
    const { entry, room } = await this.admit(request.guild, request.credentials);
    const missed = request.cursor === undefined ? undefined : await this.missedSince(room, request.cursor);
    if (this.rooms.peek(room.guildId) !== room) throw new Fault('guild.not_found', 'There is no such guild any more.');
    if (missed) enter({ room, entry, recovered: true, cursor: String(request.cursor), missed });
    else enter({ room, entry, recovered: false, cursor: room.cursor, snapshot: room.snapshot(entry) });
  }

  /** Every guild a visitor may know of, oldest first. */
  list(): Promise<DirectoryEntry[]> {
    return this.directory.list();
  }

  /** The guild meant by a client that names none; undefined while no guild is open. */
  defaultGuild(): Promise<DirectoryEntry | undefined> {
    return this.directory.defaultGuild();
  }

  /** The room behind the door, for those who only look. @throws as `join` */
  async admit(guild: string, credentials: Credentials): Promise<{ entry: DirectoryEntry; room: GuildRoom }> {
    const entry = await this.directory.find(guild);
    if (!entry) throw new Fault('guild.not_found', 'There is no such guild.');
    if (!(await this.admits(entry, credentials))) {
      throw new Fault('guild.guarded', 'This guild is guarded: show a way in that its door accepts.');
    }
    return { entry, room: await this.rooms.open(entry.id) };
  }

  private async admits(entry: DirectoryEntry, credentials: Credentials): Promise<boolean> {
    if (credentials.apiKey?.scopes.has('read')) return true;
    return this.doors.admits({ id: entry.id, door: entry.door, source: entry.source }, credentials);
  }

  /** All events between the client's place and the room's, or undefined when they cannot be had without a hole. */
  private async missedSince(room: GuildRoom, cursor: unknown): Promise<DomainEvent[] | undefined> {
    const from = parseCursor(cursor);
    if (!from) return undefined;
    for (let tries = 0; tries < catchUpTries; tries += 1) {
      const events = await this.log.since(room.guildId, cursor);
      if (!events) return undefined;
      // The log may be ahead of the room (those events come as live frames) or the room ahead of this answer.
      const reached = from.offset + events.length;
      if (reached >= room.offset) return events.slice(0, Math.max(0, room.offset - from.offset));
    }
    return undefined;
  }
}
