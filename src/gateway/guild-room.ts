import { type Cursor, formatCursor, parseCursor, type Position } from '../domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../domain/events/index.js';
import { type Door } from '../domain/guild.js';
import { type GuildSnapshot } from '../domain/guild-snapshot.js';
import { applyEvent, type GuildState } from '../domain/guild-state.js';
import { differences } from '../domain/member-difference.js';
import { showsEverything, type ShownFilter } from '../domain/shown-filter.js';
import { type SourcedSnapshot } from '../providers/provider-chain.js';
import { type DirectoryEntry } from './guild-directory.js';
import { ShownMembers } from './shown-members.js';
import { SharedBytes } from './shared-bytes.js';

/** Where the state came from; the members themselves are in the state alone. */
type Provenance = Pick<SourcedSnapshot, 'source' | 'asOf' | 'stale' | 'partial'>;

function provenance({ source, asOf, stale, partial }: SourcedSnapshot): Provenance {
  return { source, asOf, stale, partial };
}

interface ReadySnapshot {
  offset: number;
  snapshot: GuildSnapshot;
  /** By encoding. */
  bytes: Map<string, SharedBytes>;
}

/** A way to write a snapshot down. */
export interface SnapshotEncoding {
  /** Different for different outcomes. */
  name: string;
  encode(snapshot: GuildSnapshot): string;
}

/** As it is; what socket.io, streams and REST send. */
export const plainJson: SnapshotEncoding = { name: 'json', encode: (snapshot) => JSON.stringify(snapshot) };

/**
 * The live state of one guild: what its source said, and every event since, as far as it is shown. What a newcomer gets is what everybody
 * else already sees. State and cursor always change together, so `snapshot()` is never between two events.
 */
export class GuildRoom {
  readonly guildId: string;
  /** Sockets and streams in the room, over all transports. */
  occupants = 0;
  /** The door that those inside came through. */
  door: Door | undefined;
  /** How often it was decided anew what is shown: what the log said before such a turn must not be told after it. */
  turns = 0;
  private readonly state: GuildState;
  private readonly place: Position;
  private ready: ReadySnapshot | undefined;
  private counted: { offset: number; online: number } | undefined;

  private source: Provenance;
  /** When the source last said what is true; by the process's clock, in milliseconds. */
  private confirmedAt = performance.now();

  /** `members`: all of them, where not all are shown. */
  constructor(
    source: SourcedSnapshot,
    from: Position,
    private members?: ShownMembers,
  ) {
    this.guildId = source.guild.id;
    this.source = provenance(source);
    this.place = { ...from };
    this.state = {
      name: source.guild.name,
      iconUrl: source.guild.iconUrl,
      members: new Map((members?.shown() ?? source.members).map((member) => [member.id, member])),
      channels: new Map((source.channels ?? []).map((channel) => [channel.id, channel])),
      // An old answer for which no new one is on its way: its source is broken, and that it is back has to be told.
      available: !source.stale || source.renewing === true,
    };
  }

  get cursor(): Cursor {
    return formatCursor(this.place);
  }

  get offset(): number {
    return this.place.offset;
  }

  get memberCount(): number {
    return this.state.members.size;
  }

  get onlineCount(): number {
    if (this.counted?.offset !== this.place.offset) {
      let online = 0;
      for (const member of this.state.members.values()) if (member.status !== 'offline') online += 1;
      this.counted = { offset: this.place.offset, online };
    }
    return this.counted.online;
  }

  has(memberId: string): boolean {
    return this.state.members.has(memberId);
  }

  get available(): boolean {
    return this.state.available;
  }

  /** The data source that spoke last, and how many milliseconds ago. */
  get lastWord(): { source: string; age: number } {
    return { source: this.source.source, age: performance.now() - this.confirmedAt };
  }

  /** What is shown is older than it should be. */
  get stale(): boolean {
    // An unavailable guild is shown as it was last seen.
    return this.source.stale || !this.state.available;
  }

  /**
   * The events that lead from what the room knows to what its source says now. Those inside know whether that is old by
   * `guild.unavailable` and `guild.updated` alone.
   */
  differencesTo(snapshot: SourcedSnapshot): NewDomainEvent[] {
    const members = this.members?.everybody ?? this.state.members;
    const events = differences({ ...this.state, members, available: snapshot.stale || !this.stale }, snapshot);
    const seemsTrue = !this.stale || events.some(({ type }) => type === 'guild.updated');
    if (snapshot.stale && seemsTrue) events.push({ type: 'guild.unavailable', guildId: this.guildId, data: {} });
    return events;
  }

  /** The source said what the room shows. */
  confirm(snapshot: SourcedSnapshot): void {
    this.source = provenance(snapshot);
    this.confirmedAt = performance.now();
    this.ready = undefined;
  }

  /** Undefined while everything is shown. */
  get filter(): ShownFilter | undefined {
    return this.members?.filter;
  }

  /** What of an event is shown, before it has its place; undefined for nothing. */
  pass(event: NewDomainEvent): NewDomainEvent | undefined {
    return this.members ? this.members.pass(event) : event;
  }

  /**
   * Shows by `filter` from now on. Answers the events that lead those inside there: they are past `pass`. Everything
   * that passed before must have been applied.
   */
  showBy(filter: ShownFilter | undefined): NewDomainEvent[] {
    this.turns += 1;
    const members = this.members ?? new ShownMembers(this.guildId, showsEverything, this.state.members.values());
    this.members = filter && members;
    return members.showBy(filter ?? showsEverything);
  }

  /** False for an event that the room already holds. */
  apply(event: DomainEvent): boolean {
    const position = parseCursor(event.cursor);
    if (!position || position.offset <= this.place.offset) return false;
    applyEvent(this.state, event);
    this.place.offset = position.offset;
    return true;
  }

  /** The same object until something changes: read it only. */
  snapshot(entry: DirectoryEntry): GuildSnapshot {
    return this.readyFor(entry).snapshot;
  }

  /**
   * The present snapshot in some encoding, made once for each change of the guild however many ask. Bounded: one for
   * each `encoding`, for as long as the snapshot is the present one.
   */
  snapshotBytes(entry: DirectoryEntry, encoding: SnapshotEncoding): SharedBytes {
    const { snapshot, bytes } = this.readyFor(entry);
    let made = bytes.get(encoding.name);
    if (made === undefined) bytes.set(encoding.name, (made = new SharedBytes(encoding.encode(snapshot))));
    return made;
  }

  private readyFor(entry: DirectoryEntry): ReadySnapshot {
    const { alias, default: isDefault, door } = entry;
    const ready = this.ready;
    if (ready?.offset === this.place.offset) {
      const { guild } = ready.snapshot;
      if (guild.alias === alias && guild.default === isDefault && guild.door === door) return ready;
    }
    return (this.ready = { offset: this.place.offset, snapshot: this.takeSnapshot(entry), bytes: new Map() });
  }

  private takeSnapshot(entry: DirectoryEntry): GuildSnapshot {
    const { source, asOf, partial } = this.source;
    return {
      guild: {
        id: entry.id,
        name: this.state.name,
        alias: entry.alias,
        iconUrl: this.state.iconUrl,
        memberCount: this.memberCount,
        onlineCount: this.onlineCount,
        default: entry.default,
        door: entry.door,
      },
      members: [...this.state.members.values()],
      channels: [...this.state.channels.values()],
      cursor: this.cursor,
      source,
      asOf,
      stale: this.stale,
      partial,
    };
  }
}
