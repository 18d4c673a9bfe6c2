import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Connection, Connections } from '../connections.js';
import { type GuildRoom } from '../guild-room.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';

/** One request that may wait for events. What it then answers, it reads from the log. */
export class Poll implements Connection {
  readonly transport = 'polling';
  ended = false;
  private wake: (() => void) | undefined;

  constructor(
    readonly address: string,
    private readonly waitingIn: (room: GuildRoom) => Set<() => void>,
    private readonly release: () => void,
  ) {}

  waiting(): number {
    return 0;
  }

  /** It is answered with what there is: the client asks again by itself. */
  close(): void {
    this.end();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.release();
    this.wake?.();
  }

  /** Ends with the next event of the room, its end, after `ms` milliseconds, or with this poll. Listens at once. */
  next(room: GuildRoom, ms: number): Promise<void> {
    const here = this.waitingIn(room);
    room.occupants += 1;
    return new Promise((resolve) => {
      const done = () => {
        if (!here.delete(done)) return;
        this.wake = undefined;
        room.occupants -= 1;
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      here.add(done);
      this.wake = done;
    });
  }
}

/** Requests that wait for the next event of a room. */
@Injectable()
export class LongPollTransport extends Transport implements OnApplicationBootstrap {
  readonly name = 'polling';
  /** By guild. A set that emptied by itself goes with the guild's next event. */
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(
    private readonly broadcaster: RoomBroadcaster,
    private readonly connections: Connections,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
  }

  /** A request that begins; it must be ended. */
  open(address: string): Poll {
    const poll = new Poll(
      address,
      ({ guildId }) => this.waitingIn(guildId),
      () => release(),
    );
    const release = this.connections.add(poll);
    return poll;
  }

  send(room: GuildRoom): number {
    const waiting = this.waiting.get(room.guildId)?.size ?? 0;
    this.wake(room.guildId);
    return waiting;
  }

  end(room: GuildRoom): void {
    this.wake(room.guildId);
  }

  private waitingIn(guildId: string): Set<() => void> {
    let waiting = this.waiting.get(guildId);
    if (!waiting) this.waiting.set(guildId, (waiting = new Set()));
    return waiting;
  }

  private wake(guildId: string): void {
    const waiting = this.waiting.get(guildId);
    this.waiting.delete(guildId);
    for (const done of [...(waiting ?? [])]) done();
  }
}
