import { type RoomServer } from '../support/room-server.js';

/**
 * Kills a server when all who play on it have come to that point, and starts it again: a new life costs more than many
 * schedules, so they share it.
 */
export class SharedDeath {
  private players = 0;
  private waiting: (() => void)[] = [];
  private life: Promise<void> = Promise.resolve();

  constructor(private readonly server: RoomServer) {}

  /** Whoever plays schedules with a kill, and for as long as they do. */
  enter(): void {
    this.players += 1;
  }

  leave(): void {
    this.players -= 1;
    this.killWhenAllWait();
  }

  /** Resolves when the server has been killed. */
  die(): Promise<void> {
    return new Promise((killed) => {
      this.waiting.push(killed);
      this.killWhenAllWait();
    });
  }

  /** Resolves when it lives again, after `die`. */
  get reborn(): Promise<void> {
    return this.life;
  }

  private killWhenAllWait(): void {
    if (this.waiting.length === 0 || this.waiting.length < this.players) return;
    const all = this.waiting.splice(0);
    void this.server.kill().then(() => {
      this.life = this.server.spawn();
      for (const killed of all) killed();
    });
  }
}
