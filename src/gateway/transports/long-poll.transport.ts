import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type GuildRoom } from '../guild-room.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';

/** Requests that wait for the next event of a room. What they then answer, they read from the log. */
@Injectable()
export class LongPollTransport extends Transport implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'polling';
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(private readonly broadcaster: RoomBroadcaster) {
    super();
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
  }

  beforeApplicationShutdown(): void {
    for (const guildId of [...this.waiting.keys()]) this.wake(guildId);
  }

  /**
   * Ends with the next event of the room, its end, the end of the application, after `ms` milliseconds, or when `gone`
   * says that nobody waits any more. Listening begins before this returns.
   */
  next(room: GuildRoom, ms: number, gone: AbortSignal): Promise<void> {
    const { guildId } = room;
    let waiting = this.waiting.get(guildId);
    if (!waiting) this.waiting.set(guildId, (waiting = new Set()));
    const here = waiting;
    room.occupants += 1;
    return new Promise((resolve) => {
      const done = () => {
        if (!here.delete(done)) return;
        if (here.size === 0 && this.waiting.get(guildId) === here) this.waiting.delete(guildId);
        room.occupants -= 1;
        clearTimeout(timer);
        gone.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      here.add(done);
      gone.addEventListener('abort', done);
    });
  }

  send(room: GuildRoom): number {
    const waiting = this.waiting.get(room.guildId)?.size ?? 0;
    this.wake(room.guildId);
    return waiting;
  }

  end(room: GuildRoom): void {
    this.wake(room.guildId);
  }

  private wake(guildId: string): void {
    for (const done of [...(this.waiting.get(guildId) ?? [])]) done();
  }
}
