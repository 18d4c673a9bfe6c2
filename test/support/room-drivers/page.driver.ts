import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../../src/domain/guild-snapshot.js';
import { HttpDriver, textOf } from './http.driver.js';
import { type Ask } from './room-driver.js';

export interface Page {
  recovered: boolean;
  cursor: string;
  events: DomainEvent[];
  snapshot: GuildSnapshot | null;
}

/** REST: pages of what happened since a cursor, of at most `limit` events each. */
export abstract class PageDriver extends HttpDriver {
  private asked = 0;

  /** One page, taken unless `signal` or a cut came first: then undefined. */
  protected async read(ask: Ask, query: { wait?: string }, signal?: AbortSignal): Promise<Page | undefined> {
    const limit = [2, 100, 1, 1000][this.asked++ % 4] ?? 100;
    const { cursor } = ask;
    const full = { ...query, limit: String(limit), ...(cursor !== undefined && { cursor }) };
    const response = await this.request(ask, full, {}, signal);
    const text = await textOf(response);
    if (this.dead || signal?.aborted) return undefined;
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text}`);
    const page = JSON.parse(text) as Page;
    this.take(ask, page, limit);
    return page;
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
