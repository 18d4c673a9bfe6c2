import { Injectable } from '@nestjs/common';
import { type LettingOut } from '../domain/events/guild-removed.js';
import { type DoorPass } from '../guilds/door-pass.js';

/** Looks in a row that may fail to tell whether somebody may stay. */
const mostMisses = 3;

/** Somebody's stay in a guarded guild's room, by a pass. */
export class Visit {
  private letOut: ((reason: LettingOut) => void) | undefined;
  /** Of the process's clock, in milliseconds: the first look is the next one, since it may have begun by an old answer. */
  private dueAt = -Infinity;
  private misses = 0;
  private looking = false;
  private again = false;

  constructor(
    readonly guildId: string,
    readonly pass: DoorPass,
    private readonly inside: Set<Visit>,
  ) {}

  /** From now on `letOut` is called, once, when the visitor has to leave. It must not throw. */
  begin(letOut: (reason: LettingOut) => void): void {
    this.letOut = letOut;
    this.inside.add(this);
  }

  /** The visitor left. */
  end(): void {
    this.inside.delete(this);
  }

  isDue(now: number): boolean {
    return this.pass.over || now >= this.dueAt;
  }

  /** Looks whether the pass is still good, and lets the visitor out if not. Never throws. */
  async look(): Promise<void> {
    this.again = true;
    // Whoever looks now may have asked before what this look is about: it looks once more.
    if (this.looking) return;
    this.looking = true;
    while (this.again && this.inside.has(this)) {
      this.again = false;
      await this.ask();
    }
    this.looking = false;
    this.dueAt = performance.now() + this.pass.lookEveryMs;
  }

  private async ask(): Promise<void> {
    try {
      const reason = await this.pass.ending();
      this.misses = 0;
      if (reason) this.finish(reason);
    } catch {
      this.misses += 1;
      if (this.misses >= mostMisses) this.finish('unconfirmed');
    }
  }

  finish(reason: LettingOut): void {
    if (this.inside.delete(this)) this.letOut?.(reason);
  }
}

/** Everybody who is inside a guarded guild by a pass, over all transports. */
@Injectable()
export class Visits {
  private readonly inside = new Set<Visit>();

  /** A visit that has not begun yet. */
  make(guildId: string, pass: DoorPass): Visit {
    return new Visit(guildId, pass, this.inside);
  }

  all(): Visit[] {
    return [...this.inside];
  }
}
