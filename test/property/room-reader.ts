import { parseCursor } from '../../src/domain/cursor.js';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { applyEvent } from '../../src/domain/guild-state.js';
import { type Answer, type Ask, type DrawnFrame, type RoomListener } from '../support/room-drivers/room-driver.js';
import { type GuildTruth } from './guild-truth.js';
import { byId, draw, isSame, snapshotFault, usersFault, type View, viewFault, viewOf } from './view.js';

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
  /** Asks that need no answer until something happens after their cursor. */
  private readonly open = new Map<string, Ask>();

  constructor(
    private readonly name: string,
    private readonly truths: ReadonlyMap<string, GuildTruth>,
    private readonly historySize: number,
    private readonly report: (fault: string) => void,
    private readonly changed: () => void,
  ) {}

  /** Whether nothing is missing of what has happened in the rooms that the client is in. */
  get caughtUp(): boolean {
    const noneOwed = [...this.open.values()].every((ask) => {
      const truth = this.truthOf(ask.guildId);
      return ask.cursor === truth.cursorAt(truth.offset);
    });
    return noneOwed && this.heardAll;
  }

  private get heardAll(): boolean {
    return [...this.stays.values()].every((stay) => {
      if (stay.rest.length > 0) return false;
      for (let offset = stay.heard + 1; offset <= stay.truth.offset; offset += 1) {
        if (!this.silent(stay, offset)) return false;
      }
      return true;
    });
  }

  askAt(guildId: string, cursor: string | undefined, base: View | undefined): Ask {
    return new Request(guildId, cursor, base, this.truthOf(guildId).confirmed);
  }

  ask(guildId: string, from: 'last' | 'nowhere'): Ask {
    const view = from === 'last' ? this.views.get(guildId) : undefined;
    return this.askAt(guildId, view && `${view.epoch}:${view.offset}`, view);
  }

  joined(ask: Ask, { recovered, cursor, snapshot, users }: Answer): void {
    if (!(ask instanceof Request)) return;
    const truth = this.truthOf(ask.guildId);
    this.stays.delete(ask.guildId);
    this.open.delete(ask.guildId);
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

  refreshed(ask: Ask, answer: Answer): void {
    const stay = this.stays.get(ask.guildId);
    const at = parseCursor(answer.cursor)?.offset ?? 0;
    if (!stay) return this.fault(`a snapshot of ${ask.guildId} came outside of a stay`);
    if (answer.recovered) return this.fault(`${answer.cursor}: a snapshot was asked for`);
    if (stay.rest.length > 0) return this.fault(`a snapshot came in the middle of ${stay.truth.cursorAt(stay.heard)}`);
    if (at < stay.heard) return this.fault(`a snapshot at ${answer.cursor} came after the event ${stay.heard}`);
    for (let offset = stay.heard + 1; offset <= at; offset += 1) {
      if (!this.silent(stay, offset)) return this.fault(`a snapshot at ${answer.cursor} overtook the event ${offset}`);
    }
    this.joined(ask, answer);
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
      applyEvent({ name: '', iconUrl: null, available: true, members, channels: new Map() }, event);
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
    this.open.delete(guildId);
    this.changed();
  }

  waits(ask: Ask): void {
    this.open.set(ask.guildId, ask);
  }

  upToDate(ask: Ask): void {
    const view = this.views.get(ask.guildId);
    if (!(ask instanceof Request) || !view || view.offset >= ask.confirmed) return;
    this.fault(`${ask.guildId}: told that there is nothing after ${view.offset}, but ${ask.confirmed} was there`);
  }

  ended(): void {
    for (const guildId of this.stays.keys()) this.bookmark(guildId);
    this.stays.clear();
    this.open.clear();
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
