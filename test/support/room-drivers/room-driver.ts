import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../../src/domain/guild-snapshot.js';
import { CuttableAgent, type CutManner } from './cuttable-agent.js';

/** A wish to be in a guild's room, from a cursor on. */
export interface Ask {
  guildId: string;
  /** Anything: what is no cursor has to count as none. */
  cursor: string | undefined;
}

export interface DrawnUser {
  uid: string;
  username: string;
  status: string;
  roleColor: string;
}

export interface Answer {
  recovered: boolean;
  cursor: string;
  /** Of a transport that carries whole snapshots. */
  snapshot?: GuildSnapshot | null;
  /** Of the d-zone dialect. */
  users?: Record<string, DrawnUser>;
}

export interface DrawnFrame {
  type: string;
  server?: string;
  cursor?: string;
  data: Record<string, unknown>;
}

/** Hears what came over the wire, one call for each frame, in the order of the wire. */
export interface RoomListener {
  /** For asks that a driver makes by itself. */
  ask(guildId: string, from: 'last' | 'nowhere'): Ask;
  /** From now on the ask may stay open, but only while there is nothing after its cursor. */
  waits(ask: Ask): void;
  joined(ask: Ask, answer: Answer): void;
  /** The answer to a question for the present state, in the middle of a stay that goes on. */
  refreshed(ask: Ask, answer: Answer): void;
  event(guildId: string, event: DomainEvent): void;
  frame(frame: DrawnFrame): void;
  left(guildId: string): void;
  /** The answer said that there is nothing newer. */
  upToDate(ask: Ask): void;
  /** The connection is no more, and with it every stay. */
  ended(): void;
  fault(text: string): void;
}

/** One connection of one client over one transport, to be cut at any moment. Nothing is heard after a cut. */
export abstract class RoomDriver {
  protected readonly agent = new CuttableAgent();
  protected dead = false;
  /** Set when the server is about to be killed: that it ends the connection is no fault then. */
  mayEnd = false;
  private fuse: { frames: number; manner: CutManner } | undefined;
  private sayGone: () => void = () => undefined;
  private readonly gone = new Promise<void>((resolve) => (this.sayGone = resolve));

  constructor(
    protected readonly url: string,
    protected readonly listener: RoomListener,
    /** How long an answer may take before it counts as lost, in milliseconds. */
    private readonly patience: number,
  ) {}

  /** Whether a joined room goes on speaking by itself. */
  readonly listens: boolean = true;

  get alive(): boolean {
    return !this.dead;
  }

  /** Each resolves once answered, or once the connection was cut. */
  abstract open(): Promise<void>;
  abstract join(ask: Ask, alone: boolean): Promise<void>;
  abstract leave(guildId: string): Promise<void>;
  /** Everything that was sent to this client before has been heard. */
  abstract barrier(): Promise<void>;

  /** Asks for the present state of the room that the client is in, where the wire knows such a question. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }

  cut(manner: CutManner): void {
    if (this.dead) return;
    this.dead = true;
    this.agent.cut(manner);
    this.listener.ended();
    this.sayGone();
  }

  /** Cuts as soon as so many more frames were heard. */
  cutAfter(frames: number, manner: CutManner): void {
    if (frames === 0) this.cut(manner);
    else this.fuse = { frames, manner };
  }

  /** Nothing is left behind, however it ended. */
  close(): void {
    this.cut('fin');
    this.agent.end();
  }

  protected hear(frame: () => void): void {
    if (this.dead) return;
    frame();
    if (this.fuse && --this.fuse.frames <= 0) this.cut(this.fuse.manner);
  }

  /** The server ended the connection. */
  protected lost(why: string): void {
    if (this.dead) return;
    if (!this.mayEnd) this.listener.fault(`the server ended the connection: ${why}`);
    this.cut('fin');
  }

  protected async answered(what: string, answer: Promise<unknown>): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      late = setTimeout(() => {
        if (!this.dead) this.listener.fault(`no answer to ${what} within ${this.patience} ms`);
        resolve();
      }, this.patience);
    });
    try {
      await Promise.race([answer, this.gone, tooLate]);
    } catch (error) {
      if (!this.dead && !this.mayEnd)
        this.listener.fault(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(late);
    }
  }
}
