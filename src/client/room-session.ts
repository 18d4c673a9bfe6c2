import { type Cursor } from '../domain/cursor.js';
import { type DomainEvent } from '../domain/events/index.js';
import { applyEvent } from '../domain/guild-state.js';
import { type BackoffOptions, waitBefore } from './backoff.js';
import { type ClientFault, passes } from './client-fault.js';
import {
  type ClientRoom,
  type DoorCredentials,
  type LostConnection,
  type RoomEvents,
  type RoomStatus,
} from './client-room.js';
import { cursorStep } from './cursor-step.js';
import { Emitter } from './emitter.js';
import { type GuildView, type KeptGuild, viewOf } from './guild-view.js';
import { type JoinAnswer } from './join-answer.js';

/** What a room needs of the connection it is on. */
export interface RoomLink {
  /** Asks for the room as soon as the connection allows it. */
  enter(room: RoomSession): void;
  leave(room: RoomSession): void;
}

/** The inside of a room: everything that the connection tells it. */
export class RoomSession extends Emitter<RoomEvents> implements ClientRoom {
  status: RoomStatus = { name: 'connecting' };
  cursor: Cursor | undefined;
  /** Known from the first entry on. */
  guildId: string | undefined;
  /** A join was sent and not answered yet. */
  asking = false;
  private kept: KeptGuild | undefined;
  private refusals = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly reference: string,
    private readonly credentials: DoorCredentials | undefined,
    private readonly link: RoomLink,
    private readonly backoff: BackoffOptions,
  ) {
    super();
  }

  get guild(): GuildView | undefined {
    return this.kept;
  }

  leave(): void {
    if (this.status.name === 'closed') return;
    this.clearTimer();
    this.show({ name: 'closed' });
    this.silence();
    this.link.leave(this);
  }

  get request(): Record<string, unknown> {
    return { guildId: this.guildId ?? this.reference, cursor: this.cursor, auth: this.credentials };
  }

  /**
   * The connection changed, or its next try did. A room that was refused itself has a time of its own, unless the
   * service refused whatever this connection asked.
   */
  follow(status: { name: 'connecting' } | LostConnection): void {
    if (this.status.name === 'closed') return;
    if (this.status.name === 'refused' && this.status.fault && this.status.fault.code !== 'service.unavailable') return;
    if (status.name === 'connecting' && this.status.name === 'connecting') return;
    this.clearTimer();
    this.show(status);
  }

  /** Instead of waiting longer after a refusal that may pass. */
  retryNow(): void {
    if (this.timer === undefined) return;
    this.clearTimer();
    this.enterAgain();
  }

  refused(fault: ClientFault): void {
    if (!passes(fault)) {
      this.kept = undefined;
      this.cursor = undefined;
      return this.show({ name: 'refused', fault });
    }
    const wait = waitBefore(this.refusals, this.backoff, fault.retryAfter);
    this.refusals += 1;
    this.clearTimer();
    this.timer = setTimeout(() => this.retryNow(), wait);
    this.show({ name: 'refused', fault, until: Date.now() + wait });
  }

  joined({ guildId, cursor, snapshot }: JoinAnswer): void {
    if (snapshot) this.kept = viewOf(snapshot);
    if (!this.kept) return this.refused({ code: 'service.failed', message: 'The server recovered what never was.' });
    this.refusals = 0;
    this.guildId = guildId;
    this.cursor = cursor;
    const live: RoomStatus = { name: 'live' };
    this.status = live;
    this.emit('joined', { recovered: snapshot === undefined, guild: this.kept });
    if (this.status === live) this.emit('status', live);
  }

  receive(event: DomainEvent): void {
    if (this.status.name !== 'live' || !this.kept) return;
    const step = cursorStep(this.cursor, event.cursor);
    // Whoever has to leave hears so alone: that stands in no log, and its place is one that is known already.
    const letOut = event.type === 'guild.removed' && event.data.reason !== undefined;
    if (step === 'old' && !letOut) return;
    if (step === 'gap') return this.startAnew();
    applyEvent(this.kept, event);
    // The source is heard of again.
    if (event.type === 'guild.updated') this.kept.stale = false;
    this.cursor = event.cursor;
    this.emit(event.type, event);
    this.emit('event', event);
    // The server ended the room. Should the guild be shown again, nothing of this one continues.
    if (event.type === 'guild.removed' && this.isOpen) this.startAnew();
  }

  private get isOpen(): boolean {
    return this.status.name !== 'closed';
  }

  private startAnew(): void {
    this.cursor = undefined;
    this.enterAgain();
  }

  private enterAgain(): void {
    this.show({ name: 'connecting' });
    if (this.isOpen) this.link.enter(this);
  }

  private show(status: RoomStatus): void {
    this.status = status;
    this.emit('status', status);
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
