import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LockedConnection } from '../database/locked-connection.js';
import { PgListener } from '../database/pg-listener.js';
import { type NewDomainEvent } from '../domain/events/index.js';
import { EventLog } from '../event-log/event-log.js';
import { mostTries, Outbox, outboxChannel, type OutboxRow } from './outbox.js';
import { readRow } from './outbox-row.js';
import { STORE_OPTIONS, type StoreOptions } from './store-options.js';

/** Events read at once. */
const batch = 500;
/** Events that are being told at once, of all guilds. */
const mostAtOnce = 5_000;
/** Milliseconds between two looks, whether or not somebody woke us. */
const pollMs = 2_000;
/** Milliseconds that a stop waits for what is being told. */
const patience = 2_000;

/**
 * Tells the log what the outbox holds, each guild's events in their order, and removes what was told. At least once: a
 * process that dies between the two leaves the event to the next one, and to apply an event again does no harm. Of
 * several processes one relays, for as long as it lives, so that a log of one process is not split over several.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly outbox: Outbox;
  /** Guilds whose events are being told: the log may hold them for a while, and no other guild waits for that. */
  private readonly busy = new Map<string, Promise<void>>();
  private atOnce = 0;
  /** Told, and perhaps still in the table, since the database went away in between. */
  private readonly told = new Set<string>();
  private underWay: Promise<void> | undefined;
  private again = false;
  private stopping = false;
  private troubled = false;
  private timer: NodeJS.Timeout | undefined;
  private unlisten: (() => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly listener: PgListener,
    private readonly connection: LockedConnection,
    @Inject(STORE_OPTIONS) private readonly options: StoreOptions,
  ) {
    this.outbox = new Outbox(connection);
  }

  onApplicationBootstrap(): void {
    this.unlisten = this.listener.listen(outboxChannel, () => this.look());
    this.timer = setInterval(() => this.look(), pollMs);
    this.look();
  }

  /** What is not told by then is told after the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.unlisten?.();
    clearInterval(this.timer);
    let late: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (late = setTimeout(resolve, patience)));
    await Promise.race([this.finish(), enough]);
    clearTimeout(late);
    await this.connection.close();
  }

  private async finish(): Promise<void> {
    await this.underWay;
    await Promise.all(this.busy.values());
  }

  private look(): void {
    this.again = true;
    if (this.underWay || this.stopping) return;
    this.underWay = this.relay()
      .catch((error: unknown) => this.complain(error))
      .finally(() => {
        this.underWay = undefined;
        // Asked for while the last look ended.
        if (this.again && this.atOnce < mostAtOnce) this.look();
      });
  }

  private async relay(): Promise<void> {
    while (this.again && !this.stopping && this.atOnce < mostAtOnce) {
      this.again = false;
      // Another process relays, and knows nothing of what we have told.
      if (!(await this.connection.hold())) return this.told.clear();
      const rows = await this.outbox.next(batch, [...this.busy.keys()]);
      this.troubled = false;
      for (const [guildId, events] of byGuild(rows)) this.busy.set(guildId, this.tellGuild(guildId, events));
      // There may be more.
      if (rows.length === batch) this.again = true;
    }
  }

  private async tellGuild(guildId: string, rows: readonly OutboxRow[]): Promise<void> {
    this.atOnce += rows.length;
    let looksAgain = true;
    try {
      const failed = await this.tell(rows.filter(({ id }) => !this.told.has(id)));
      const gone = rows.map(({ id }) => id).filter((id) => this.told.has(id));
      await this.outbox.remove(gone);
      for (const id of gone) this.told.delete(id);
      if (failed) await this.outbox.postpone(failed.id);
    } catch (error) {
      // The next look by the clock is soon enough.
      looksAgain = false;
      this.complain(error);
    }
    this.busy.delete(guildId);
    this.atOnce -= rows.length;
    if (looksAgain) this.look();
  }

  /**
   * In order, up to the first that fails: answers that one. Whatever was told behind it is told again with it, so that
   * the last word stays the last.
   */
  private async tell(rows: readonly OutboxRow[]): Promise<OutboxRow | undefined> {
    const outcomes = await Promise.allSettled(this.appendAll(rows));
    const first = outcomes.findIndex(({ status }) => status === 'rejected');
    for (const { id } of first === -1 ? rows : rows.slice(0, first)) this.told.add(id);
    const outcome = outcomes[first];
    const failed = rows[first];
    if (outcome?.status === 'rejected' && failed) this.warn(failed, outcome.reason);
    return failed;
  }

  /** Without waiting for one before the next: a presence may be held back until something else happens. */
  private appendAll(rows: readonly OutboxRow[]): Promise<void>[] {
    const appended: Promise<void>[] = [];
    for (const row of rows) {
      const event = readRow(row);
      if (event instanceof Error) return [...appended, Promise.reject(event)];
      appended.push(this.append(event));
    }
    return appended;
  }

  private async append(event: NewDomainEvent): Promise<void> {
    // Another source speaks for the guild, or none: its room, if there is one, is not ours.
    if (this.options.speaksFor(event.guildId)) await this.log.append(event);
  }

  private warn({ id, type, guildId, failures }: OutboxRow, reason: unknown): void {
    const what = `Event ${id} (${type}) of the stored guild ${guildId} could not be told: ${String(reason)}`;
    if (failures + 1 < mostTries) return void this.logger.warn(what);
    this.logger.error(
      `${what}. After ${mostTries} tries it is set aside in the outbox, and later ones pass it. ` +
        'Refresh the guild to make its room show what is stored.',
    );
  }

  private complain(error: unknown): void {
    if (!this.troubled && !this.stopping) this.logger.warn(`The outbox cannot be served, trying on: ${String(error)}`);
    this.troubled = true;
  }
}

function byGuild(rows: readonly OutboxRow[]): Map<string, OutboxRow[]> {
  const guilds = new Map<string, OutboxRow[]>();
  for (const row of rows) {
    const known = guilds.get(row.guildId);
    if (known) known.push(row);
    else guilds.set(row.guildId, [row]);
  }
  return guilds;
}
