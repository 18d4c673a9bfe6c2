import { isDeepStrictEqual } from 'node:util';
import { parseCursor } from '../../src/domain/cursor.js';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { applyEvent } from '../../src/domain/guild-state.js';
import {
  type Answer,
  type Ask,
  type DrawnFrame,
  type DrawnUser,
  type RoomListener,
} from '../support/room-drivers/room-driver.js';
import { drawn, type GuildTruth, type Members } from './guild-truth.js';

/** What a client has of a guild: its cursor and the state it came to. Never changed, only replaced. */
export interface View {
  epoch: string;
  offset: number;
  /** Missing once the client has been where only a projection is carried. */
  full: Members | undefined;
  /** The world of a d-zone client, in which those who left stay on as offline. */
  drawn: ReadonlyMap<string, DrawnUser>;
}

interface Stay {
  truth: GuildTruth;
  /** Up to here everything was heard; a d-zone client's cursor may lie behind it. */
  heard: number;
  /** Frames of the event at `heard` that are still to come. */
  rest: DrawnFrame[];
}

class Request implements Ask {
  constructor(
    readonly guildId: string,
    readonly cursor: string | undefined,
    /** What the client had at that cursor. Undefined for a made-up one. */
    readonly base: View | undefined,
    readonly confirmed: number,
  ) {}
}

/**
 * One client over all its connections: applies what it hears and compares each frame with the truth. It keeps what is
 * wrong in `faults`, and stops looking after the first.
 */
export class RoomReader implements RoomListener {
  /** Set while the client speaks d-zone. */
  onFrames = false;
  readonly views = new Map<string, View>();
  /** Earlier views, to come back to. */
  readonly bookmarks: { guildId: string; view: View }[] = [];
  private readonly stays = new Map<string, Stay>();

  constructor(
    private readonly name: string,
    private readonly truths: ReadonlyMap<string, GuildTruth>,
    private readonly historySize: number,
    private readonly report: (fault: string) => void,
    private readonly changed: () => void,
  ) {}

  /** In a room and hearing it. */
  isIn(guildId: string): boolean {
    return this.stays.has(guildId);
  }

  /** Whether nothing is missing of what has happened in the rooms that the client is in. */
  get caughtUp(): boolean {
    return [...this.stays.values()].every((stay) => {
      if (stay.rest.length > 0) return false;
      for (let offset = stay.heard + 1; offset <= stay.truth.offset; offset += 1) {
        if (!this.silent(stay, offset)) return false;
      }
      return true;
    });
  }

  ask(guildId: string, cursor: string | undefined, base: View | undefined): Ask {
    return new Request(guildId, cursor, base, this.truthOf(guildId).confirmed);
  }

  askLast(guildId: string): Ask {
    const view = this.views.get(guildId);
    return this.ask(guildId, view && `${view.epoch}:${view.offset}`, view);
  }

  joined(ask: Ask, { recovered, cursor, snapshot, users }: Answer): void {
    if (!(ask instanceof Request)) return;
    const truth = this.truthOf(ask.guildId);
    this.stays.delete(ask.guildId);
    const wrong = recovered ? this.resumeFault(truth, ask, cursor) : this.freshFault(truth, ask, cursor);
    if (wrong) return this.fault(wrong);
    const offset = parseCursor(cursor)?.offset ?? 0;
    const here = { epoch: truth.epoch, offset };
    if (recovered) {
      if (snapshot || users) return this.fault(`${cursor}: recovered, and yet a snapshot`);
      this.see(ask.guildId, { ...here, ...(ask.base ?? viewOf(truth.stateAt(offset))), ...here });
    } else {
      const members = truth.stateAt(offset);
      const lie = users ? usersFault(users, members) : snapshotFault(snapshot, members, cursor, ask.guildId);
      if (lie) return this.fault(`${cursor}: ${lie}`);
      const world = users ? new Map(Object.entries(users)) : viewOf(members).drawn;
      this.see(ask.guildId, { ...here, full: snapshot ? byId(snapshot.members) : undefined, drawn: world });
    }
    this.bookmark(ask.guildId);
    this.stays.set(ask.guildId, { truth, heard: offset, rest: [] });
    this.changed();
  }

  event(guildId: string, event: DomainEvent): void {
    const stay = this.stays.get(guildId);
    const view = this.views.get(guildId);
    if (!stay || !view) return this.fault(`${event.cursor} of ${guildId} came outside of a stay`);
    const wrong = stay.truth.faultOf(stay.heard + 1, event);
    if (wrong) return this.fault(wrong);
    stay.heard += 1;
    let { full } = view;
    if (full) {
      const members = new Map(full);
      applyEvent({ name: '', iconUrl: null, available: true, members }, event);
      full = members;
    }
    const world = new Map(view.drawn);
    for (const frame of stay.truth.framesAt(stay.heard)) draw(world, frame);
    this.see(guildId, { epoch: view.epoch, offset: stay.heard, full, drawn: world });
    this.changed();
  }

  frame(frame: DrawnFrame): void {
    const guildId = frame.server ?? '';
    const stay = this.stays.get(guildId);
    const view = this.views.get(guildId);
    if (!stay || !view) return this.fault(`${JSON.stringify(frame)} came outside of a stay`);
    if (stay.rest.length === 0) {
      do stay.heard += 1;
      while (stay.heard <= stay.truth.offset && this.silent(stay, stay.heard));
      stay.rest = stay.truth.framesAt(stay.heard);
    }
    const expected = stay.rest[0];
    stay.rest = stay.rest.slice(1);
    const cursor = stay.truth.cursorAt(stay.heard);
    // Of several frames of one event only the last must carry the cursor: who has it has the whole event.
    const placed = frame.cursor === cursor || (frame.cursor === undefined && stay.rest.length > 0);
    if (!expected || !placed || !isSame(frame, expected)) {
      return this.fault(`got ${JSON.stringify(frame)}, expected ${cursor} ${JSON.stringify(expected ?? 'nothing')}`);
    }
    const world = new Map(view.drawn);
    draw(world, frame);
    const offset = frame.cursor === undefined ? view.offset : stay.heard;
    this.see(guildId, { epoch: view.epoch, offset, full: undefined, drawn: world });
    this.changed();
  }

  left(guildId: string): void {
    this.stays.delete(guildId);
    this.changed();
  }

  upToDate(ask: Ask): void {
    const view = this.views.get(ask.guildId);
    if (!(ask instanceof Request) || !view || view.offset >= ask.confirmed) return;
    this.fault(`${ask.guildId}: told that there is nothing after ${view.offset}, but ${ask.confirmed} was there`);
  }

  ended(): void {
    for (const guildId of this.stays.keys()) this.bookmark(guildId);
    this.stays.clear();
    this.changed();
  }

  fault(text: string): void {
    this.report(`${this.name}: ${text}`);
    this.changed();
  }

  /** Compares what the client came to with what is true there. */
  compare(): void {
    for (const [guildId, view] of this.views) {
      const truth = this.truthOf(guildId);
      if (view.epoch !== truth.epoch) continue;
      const wrong = viewFault(view, truth.stateAt(view.offset));
      if (wrong) this.fault(`${guildId} at ${view.offset}: ${wrong}`);
    }
  }

  private see(guildId: string, view: View): void {
    this.views.set(guildId, view);
  }

  private bookmark(guildId: string): void {
    const view = this.views.get(guildId);
    if (view) this.bookmarks.push({ guildId, view });
  }

  /** Some events have no frame in the d-zone dialect. */
  private silent({ truth }: Stay, offset: number): boolean {
    return this.onFrames && truth.framesAt(offset).length === 0;
  }

  private truthOf(guildId: string): GuildTruth {
    const truth = this.truths.get(guildId);
    if (!truth) throw new Error(`no such guild in the model: ${guildId}`);
    return truth;
  }

  /** Recovered is right for a place that the log may still hold, and only then. */
  private resumeFault(truth: GuildTruth, ask: Request, cursor: string): string | undefined {
    if (cursor !== ask.cursor) return `resumed at ${cursor} after asking for ${JSON.stringify(ask.cursor)}`;
    const from = parseCursor(cursor);
    if (from?.epoch !== truth.epoch || from.offset > truth.offset) return `recovered from ${cursor}, which is no place`;
    const missed = ask.confirmed - from.offset;
    return missed > this.historySize * 1.25 ? `recovered ${missed} events, more than are kept` : undefined;
  }

  private freshFault(truth: GuildTruth, ask: Request, cursor: string): string | undefined {
    const from = parseCursor(ask.cursor);
    if (from?.epoch === truth.epoch && from.offset <= truth.offset && truth.offset - from.offset <= this.historySize) {
      if (from.offset <= ask.confirmed) return `not recovered from ${ask.cursor}, which the log holds`;
    }
    const at = parseCursor(cursor);
    if (at?.epoch !== truth.epoch || at.offset > truth.offset) return `a snapshot at ${cursor}, which is no place`;
    if (at.offset < ask.confirmed)
      return `a snapshot at ${cursor} although ${ask.confirmed} was there when it was asked for`;
    return undefined;
  }
}

function viewOf(members: Members): Pick<View, 'full' | 'drawn'> {
  return { full: members, drawn: new Map([...members].map(([id, member]) => [id, drawn(member)])) };
}

/** As the d-zone client does: a presence changes a known actor, and draws an unknown one. */
function draw(world: Map<string, DrawnUser>, { type, data }: DrawnFrame): void {
  if (type !== 'presence') return;
  const user = data as unknown as DrawnUser;
  world.set(user.uid, { uid: user.uid, username: user.username, status: user.status, roleColor: user.roleColor });
}

function byId(members: GuildSnapshot['members']): Members {
  return new Map(members.map((member) => [member.id, member]));
}

function snapshotFault(
  snapshot: GuildSnapshot | null | undefined,
  members: Members,
  cursor: string,
  guildId: string,
): string | undefined {
  if (!snapshot) return 'neither recovered nor a snapshot';
  if (snapshot.guild.id !== guildId || snapshot.cursor !== cursor) {
    return `the snapshot is of ${snapshot.guild.id} at ${snapshot.cursor}`;
  }
  if (snapshot.members.length !== members.size || !isDeepStrictEqual(byId(snapshot.members), members)) {
    return `the snapshot has ${JSON.stringify(snapshot.members)}, true is ${JSON.stringify([...members.values()])}`;
  }
  const online = [...members.values()].filter(({ status }) => status !== 'offline').length;
  const { memberCount, onlineCount } = snapshot.guild;
  const counted = memberCount === members.size && onlineCount === online;
  return counted ? undefined : `the snapshot counts ${memberCount} members and ${onlineCount} online`;
}

function usersFault(users: Record<string, DrawnUser>, members: Members): string | undefined {
  const right = isDeepStrictEqual(new Map(Object.entries(users)), viewOf(members).drawn);
  return right ? undefined : `users are ${JSON.stringify(users)}, true is ${JSON.stringify([...members.values()])}`;
}

function viewFault(view: View, members: Members): string | undefined {
  if (view.full && !isDeepStrictEqual(view.full, members)) {
    return `the client has ${JSON.stringify([...view.full.values()])}, true is ${JSON.stringify([...members.values()])}`;
  }
  for (const member of members.values()) {
    if (isDeepStrictEqual(view.drawn.get(member.id), drawn(member))) continue;
    return `drawn is ${JSON.stringify(view.drawn.get(member.id))}, true is ${JSON.stringify(drawn(member))}`;
  }
  const ghost = [...view.drawn.values()].find(({ uid, status }) => !members.has(uid) && status !== 'offline');
  return ghost && `${ghost.uid} left and is still drawn as ${ghost.status}`;
}

/** The frame has everything that is expected; more is no fault. */
function isSame(frame: DrawnFrame, expected: DrawnFrame): boolean {
  const fits = Object.entries(expected.data).every(([key, value]) => isDeepStrictEqual(frame.data[key], value));
  return frame.type === expected.type && frame.server === expected.server && fits;
}
