import { PageDriver } from './page.driver.js';
import { type Ask } from './room-driver.js';

/** The longest that may be asked for, in seconds, so that an answer comes from an event and not from the clock. */
const longestWait = 30;

/**
 * REST with `wait`: an ask stays open until something happens, and the next one follows its answer at once. The first
 * one waits too, in turn. Whoever leaves breaks it off.
 */
export class WaitingDriver extends PageDriver {
  private readonly asking = new Map<string, AbortController>();
  private joins = 0;

  async join(ask: Ask, alone: boolean): Promise<void> {
    const { guildId } = ask;
    for (const other of [...this.asking.keys()]) if (alone || other === guildId) this.stop(other);
    const asking = new AbortController();
    this.asking.set(guildId, asking);
    if ((this.joins += 1) % 2 === 1) return void this.keepAsking(ask, asking.signal);
    const first = this.read(ask, {}, asking.signal).catch((error: unknown) => {
      if (!asking.signal.aborted) throw error;
    });
    await this.answered(`page of ${guildId}`, first);
    void this.keepAsking(this.listener.ask(guildId, 'last'), asking.signal);
  }

  leave(guildId: string): Promise<void> {
    this.stop(guildId);
    return Promise.resolve();
  }

  private stop(guildId: string): void {
    this.asking.get(guildId)?.abort();
    if (this.asking.delete(guildId)) this.listener.left(guildId);
  }

  private async keepAsking(first: Ask, signal: AbortSignal): Promise<void> {
    try {
      for (let ask = first; !this.dead && !signal.aborted; ask = this.listener.ask(ask.guildId, 'last')) {
        this.listener.waits(ask);
        const since = performance.now();
        const page = await this.read(ask, { wait: String(longestWait) }, signal);
        const early = performance.now() - since < longestWait * 1000;
        if (page?.recovered && page.events.length === 0 && early) {
          this.listener.fault(`an ask from ${ask.cursor} that was to wait was answered with nothing`);
        }
      }
    } catch (error) {
      if (signal.aborted || this.dead || this.mayEnd) return;
      this.listener.fault(`page of ${first.guildId}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
