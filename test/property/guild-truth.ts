import { isDeepStrictEqual } from 'node:util';
import { type DomainEvent, type NewDomainEvent } from '../../src/domain/events/index.js';
import { type Member, referenceOf } from '../../src/domain/member.js';
import { statuses } from '../../src/domain/presence.js';
import { memberOf } from '../support/events.js';
import { type DrawnFrame, type DrawnUser } from '../support/room-drivers/room-driver.js';
import { type Placed } from '../support/room-server.js';

export const happenings = ['presence', 'join', 'leave', 'update', 'message', 'files'] as const;
export type Happening = (typeof happenings)[number];

export type Members = ReadonlyMap<string, Member>;

/** People who are ever in a guild. */
const people = 5;

/** What really happened in one guild, known before the server hears of it. The state at each offset is kept. */
export class GuildTruth {
  offset = 0;
  /** Up to here the server has confirmed. */
  confirmed = 0;
  /** Where the states that are known without a gap begin. */
  beginning = 0;
  private events: NewDomainEvent[] = [];
  private times: string[] = [];
  private states: Members[];
  private made = 0;

  constructor(
    readonly id: string,
    public epoch: string,
  ) {
    this.states = [this.firstMembers()];
  }

  get members(): Members {
    return this.stateAt(this.offset);
  }

  stateAt(offset: number): Members {
    return this.states[offset] ?? new Map();
  }

  /** Nobody remembers the guild: it may be as it was at first. */
  reset(): void {
    this.states[this.offset] = this.firstMembers();
    this.beginning = this.offset;
  }

  /** The server was killed: its log is empty, the guild is as it is. */
  newEpoch(epoch: string): void {
    this.epoch = epoch;
    this.states = [this.members];
    this.events = [];
    this.times = [];
    this.offset = 0;
    this.confirmed = 0;
    this.beginning = 0;
  }

  cursorAt(offset: number): string {
    return `${this.epoch}:${offset}`;
  }

  /** Lets something happen; answers the event to publish. `pick` chooses who does it. */
  happen(what: Happening, pick: number): NewDomainEvent {
    const event = this.makeEvent(what, pick);
    this.states.push(applied(this.members, event));
    this.events.push(event);
    this.offset += 1;
    return event;
  }

  /** The server's word for where it put events. Answers what is wrong with it. */
  confirm(placed: readonly Placed[], epoch: string): string | undefined {
    if (epoch !== this.epoch) return undefined;
    for (const { cursor, at } of placed) {
      this.confirmed += 1;
      if (cursor !== this.cursorAt(this.confirmed)) return `event ${this.confirmed} was placed at ${cursor}`;
      const other = this.atOther(this.confirmed, at);
      if (other) return other;
    }
    return undefined;
  }

  /** What is wrong with an event that a client got as the one at `offset`. */
  faultOf(offset: number, { cursor, at, ...content }: DomainEvent): string | undefined {
    if (cursor !== this.cursorAt(offset)) return `got the event ${cursor}, expected ${this.cursorAt(offset)}`;
    if (offset > this.offset) return `got the event ${cursor}, which has not happened`;
    if (!isDeepStrictEqual(content, this.events[offset - 1])) {
      return `event ${cursor} is ${JSON.stringify(content)}, expected ${JSON.stringify(this.events[offset - 1])}`;
    }
    return this.atOther(offset, at);
  }

  /** The d-zone frames of the event at an offset; their cursor is known to the caller. */
  framesAt(offset: number): DrawnFrame[] {
    const event = this.events[offset - 1];
    return event ? framesOf(event) : [];
  }

  /** One event has one time, on every wire. */
  private atOther(offset: number, at: string): string | undefined {
    const known = (this.times[offset] ??= at);
    return known === at ? undefined : `event ${this.cursorAt(offset)} happened at ${known} and at ${at}`;
  }

  private firstMembers(): Members {
    const status = ['online', 'idle', 'offline'] as const;
    return new Map(status.map((_, index) => [this.memberId(index), this.member(index, { status: status[index] })]));
  }

  private memberId(index: number): string {
    return `${this.id.slice(0, -3)}8${String(index).padStart(2, '0')}`;
  }

  private member(index: number, fields: Partial<Member>): Member {
    return memberOf(this.memberId(index), fields);
  }

  private makeEvent(what: Happening, pick: number): NewDomainEvent {
    const guildId = this.id;
    const present = [...this.members.values()];
    const absent = Array.from({ length: people }, (_, index) => index).filter(
      (index) => !this.members.has(this.memberId(index)),
    );
    const who = present[pick % present.length];
    const whoElse = absent[pick % absent.length];
    this.made += 1;
    if (whoElse !== undefined && (what === 'join' || !who)) {
      const member = this.member(whoElse, { displayName: `Newcomer ${this.made}` });
      return { type: 'member.joined', guildId, data: { member } };
    }
    if (!who) throw new Error('a guild without members and without people outside');
    if (what === 'leave') return { type: 'member.left', guildId, data: { member: referenceOf(who) } };
    if (what === 'update') {
      const member = { ...who, displayName: `Renamed ${this.made}` };
      return { type: 'member.updated', guildId, data: { member, previous: { displayName: who.displayName } } };
    }
    if (what === 'message' || what === 'files') return this.message(who, what === 'files' ? '' : `word ${this.made}`);
    const status = statuses[(statuses.indexOf(who.status) + 1 + (pick % 3)) % statuses.length] ?? 'online';
    const data = { member: referenceOf(who), status, previous: who.status, activities: [] };
    return { type: 'presence.updated', guildId, data };
  }

  private message(author: Member, content: string): NewDomainEvent {
    return {
      type: 'message.created',
      guildId: this.id,
      data: {
        id: String(900_000_000_000_000_000n + BigInt(this.made)),
        channelId: '900000000000000002',
        channelName: 'general',
        author: { ...referenceOf(author), bot: author.bot },
        content,
        attachments: content === '' ? 1 : 0,
        createdAt: '2026-01-01T00:00:00.000Z',
      },
    };
  }
}

/** Written apart from the server's own projection, on purpose. */
function applied(members: Members, event: NewDomainEvent): Members {
  const next = new Map(members);
  if (event.type === 'member.joined' || event.type === 'member.updated') {
    next.set(event.data.member.id, event.data.member);
  } else if (event.type === 'member.left') {
    next.delete(event.data.member.id);
  } else if (event.type === 'presence.updated') {
    const { member, status, activities } = event.data;
    const known = members.get(member.id);
    if (known) next.set(member.id, { ...known, status, activities });
  }
  return next;
}

export function drawn({ id, displayName, roleColor, status }: Member): DrawnUser {
  return { uid: id, username: displayName, status, roleColor };
}

/** As the d-zone protocol of this project has them, written apart from the server's dialect. */
function framesOf(event: NewDomainEvent): DrawnFrame[] {
  const server = event.guildId;
  const frame = (type: string, data: object): DrawnFrame => ({ type, server, data: { ...data } });
  if (event.type === 'presence.updated') {
    const { id: uid, displayName: username, roleColor } = event.data.member;
    return [frame('presence', { uid, username, roleColor, status: event.data.status })];
  }
  if (event.type === 'member.joined' || event.type === 'member.updated') {
    const user = drawn(event.data.member);
    return [frame(event.type === 'member.joined' ? 'member-join' : 'member-update', user), frame('presence', user)];
  }
  if (event.type === 'member.left') {
    const { id: uid, displayName: username, roleColor } = event.data.member;
    return [
      frame('member-leave', { uid, username }),
      frame('presence', { uid, username, roleColor, status: 'offline' }),
    ];
  }
  if (event.type !== 'message.created' || event.data.content === '') return [];
  const { author, content, channelId } = event.data;
  return [frame('message', { uid: author.id, message: content, channel: channelId })];
}
