import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../../src/domain/guild-snapshot.js';
import { HttpDriver, textOf } from './http.driver.js';
import { type Ask } from './room-driver.js';

interface Page {
  recovered: boolean;
  cursor: string;
  events: DomainEvent[];
  snapshot: GuildSnapshot | null;
}

/** REST: a join is one page of what happened since, of at most `limit` events, and then nothing until the next. */
export class PollingDriver extends HttpDriver {
  override readonly listens = false;
  private asked = 0;

  join(ask: Ask): Promise<void> {
    const limit = [2, 100, 1, 1000][this.asked++ % 4] ?? 100;
    const cursor = ask.cursor;
    const page = this.request(ask, { limit: String(limit), ...(cursor !== undefined && { cursor }) }, {});
    return this.answered(
      `page of ${ask.guildId}`,
      page.then(async (response) => {
        const text = await textOf(response);
        if (this.dead) return;
        if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text}`);
        this.take(ask, JSON.parse(text) as Page, limit);
      }),
    );
  }

  leave(guildId: string): Promise<void> {
    this.listener.left(guildId);
    return Promise.resolve();
  }

  private take(ask: Ask, { recovered, cursor, events, snapshot }: Page, limit: number): void {
    const { guildId } = ask;
    const start = recovered ? String(ask.cursor) : cursor;
    this.hear(() => this.listener.joined(ask, { recovered, cursor: start, snapshot }));
    for (const event of events) this.hear(() => this.listener.event(guildId, event));
    if (this.dead) return;
    if (cursor !== (events.at(-1)?.cursor ?? start)) {
      this.listener.fault(`a page up to ${events.at(-1)?.cursor} says that it goes up to ${cursor}`);
    }
    if (events.length > limit) this.listener.fault(`${events.length} events on a page of ${limit}`);
    // A short page says that there is no more.
    if (events.length < limit) this.listener.upToDate(ask);
    this.listener.left(guildId);
  }
}
