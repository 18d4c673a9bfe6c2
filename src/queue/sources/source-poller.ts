import { Logger } from '@nestjs/common';
import { type LockedConnection } from '../../database/locked-connection.js';
import { WakeSignal } from '../wake-signal.js';
import { Backoff } from './backoff.js';
import { type RemoteEventsRepository } from './remote-events.repository.js';
import { type RemoteSourcesMetrics } from './remote-sources.metrics.js';
import { type RemoteSource } from './remote-sources.config.js';
import { SourceClient } from './source-client.js';
import { type SourceIntake } from './source-intake.js';
import { leaseSeconds, SourceLeases } from './source-leases.js';
import { SourceMarks } from './source-marks.js';
import { SourceError } from './source.error.js';

/** Events of one poll: no source gives more. */
const largestBatch = 100;
/** Events of one source under way with us; the others are as safe where they are. */
const mostOpen = 500;
/** Ended events after which a source that had more is polled before its time. */
const refill = 50;
/** Milliseconds between two looks, whether or not somebody woke us: also how soon another process takes over. */
const longestSleep = 5_000;
const hour = 3_600_000;

export interface PollerParts {
  repository: RemoteEventsRepository;
  intake: SourceIntake;
  metrics: RemoteSourcesMetrics;
}

/**
 * Serves one source, as long as this process holds its lock: polls it, tells it what became of its events, and keeps their
 * leases. A source that is slow or away holds up nobody else.
 */
export class SourcePoller {
  private readonly logger = new Logger('RemoteSources');
  private readonly client: SourceClient;
  private readonly lock: LockedConnection;
  private readonly marks: SourceMarks;
  private readonly leases: SourceLeases;
  private readonly wake = new WakeSignal();
  private readonly stopping = new AbortController();
  private readonly pollTrouble: Backoff;
  private readonly markTrouble = new Backoff(1_000);
  private readonly leaseTrouble = new Backoff(10_000);
  private nextPoll = 0;
  private nextForgetting = 0;
  private batch = largestBatch;
  /** The last poll was answered in full, or there was no room for one. */
  private more = false;
  private toldSincePoll = 0;
  /** What was polled, and perhaps not all of it stored. */
  private untaken?: unknown[];
  private troubled = false;
  private databaseFailures = 0;
  private loop?: Promise<void>;

  /** `interval` in milliseconds. */
  constructor(
    private readonly source: RemoteSource,
    private readonly interval: number,
    private readonly parts: PollerParts,
  ) {
    const { repository, metrics } = parts;
    this.client = new SourceClient(source);
    this.lock = repository.lockOf(source.identity);
    this.pollTrouble = new Backoff(interval);
    const complain = (sentence: string): void => this.logger.warn(`${source.name} ${sentence}`);
    this.marks = new SourceMarks(source, this.client, repository, metrics, complain);
    this.leases = new SourceLeases(source, this.client, repository);
  }

  start(): void {
    this.loop = this.work();
  }

  /** Something of this source has ended. */
  ring(): void {
    this.wake.ring();
  }

  /** What is not told by then is told after the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake.ring();
    await this.loop;
    await this.client.close();
    await this.lock.close();
  }

  private async work(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const sleep = await this.turn().catch((error: unknown) => this.sleepAfter(error));
      if (sleep > 0 && !this.stopping.signal.aborted) await this.wake.sleep(sleep);
    }
  }

  /** Answers the milliseconds to sleep before the next. */
  private async turn(): Promise<number> {
    if (!(await this.lock.hold())) return longestSleep;
    // Marks come first: what a source knows it does not offer again.
    const untold = await this.tell();
    const ending = await this.prolong();
    if (this.pollTrouble.remaining === 0 && this.now >= this.nextPoll) await this.poll();
    if (this.now >= this.nextForgetting) await this.forget();
    this.databaseFailures = 0;
    if (untold || ending) return 0;
    const due = Math.max(this.nextPoll - this.now, this.pollTrouble.remaining);
    const retry = this.markTrouble.troubled ? this.markTrouble.remaining : longestSleep;
    return Math.ceil(Math.max(0, Math.min(due, retry, longestSleep)));
  }

  private async tell(): Promise<boolean> {
    if (this.markTrouble.remaining > 0) return false;
    const answer = await this.attempt(this.markTrouble, () => this.marks.tell(this.stopping.signal));
    if (!answer) return false;
    this.toldSincePoll += answer.told;
    if (this.more && this.toldSincePoll >= Math.min(refill, this.batch)) this.nextPoll = 0;
    return answer.more;
  }

  private async prolong(): Promise<boolean> {
    if (this.leaseTrouble.remaining > 0) return false;
    return (await this.attempt(this.leaseTrouble, () => this.leases.prolong(this.stopping.signal))) ?? false;
  }

  private async poll(): Promise<void> {
    const { repository, metrics } = this.parts;
    const room = mostOpen - (await repository.countOpen(this.source.identity));
    const limit = Math.min(this.batch, room);
    this.toldSincePoll = 0;
    this.more = true;
    this.nextPoll = this.now + this.interval * (1 + Math.random() / 10);
    if (limit <= 0) return;
    const answer = await this.attempt(
      this.pollTrouble,
      () => this.pollOnce(limit),
      () => metrics.failedToPoll(this.source.name),
    );
    if (!answer) return;
    this.more = answer.full;
    // One that is only read gives the same again until it is told what became of that.
    if (answer.full && answer.fresh > 0) this.nextPoll = 0;
    this.batch = Math.min(largestBatch, this.batch * 2);
    // It is back: what waits to be told need not wait for its own time.
    if (this.markTrouble.troubled) this.markTrouble.succeeded();
  }

  private async pollOnce(limit: number): Promise<{ full: boolean; fresh: number }> {
    try {
      // A Guildcast has given them to us alone: they are not let go of because the database is away.
      this.untaken ??= await this.client.poll(limit, leaseSeconds, this.stopping.signal);
      const offered = this.untaken;
      const fresh = await this.parts.intake.take(this.source, offered.slice(0, largestBatch), leaseSeconds);
      this.untaken = undefined;
      return { full: offered.length >= limit, fresh };
    } catch (error) {
      if (!(error instanceof SourceError)) this.nextPoll = 0;
      if (error instanceof SourceError && error.answered && limit > 1) {
        // One event may be too long, or break the answer: fewer of them may come before it.
        this.batch = Math.ceil(limit / 2);
        if (error.tooLong) return this.pollOnce(this.batch);
      }
      throw error;
    }
  }

  /** Undefined when the source failed; faults of the database are thrown on. */
  private async attempt<T>(trouble: Backoff, work: () => Promise<T>, failed?: () => void): Promise<T | undefined> {
    try {
      const answer = await work();
      trouble.succeeded();
      if (this.troubled && !this.pollTrouble.troubled && !this.markTrouble.troubled) {
        this.troubled = false;
        this.logger.log(`${this.source.name} answers again`);
      }
      return answer;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (this.stopping.signal.aborted) return undefined;
      trouble.failed(error.pauseMs);
      failed?.();
      // Once, not at each try: the figures tell the rest.
      if (!this.troubled) this.logger.warn(`${this.source.name} ${error.message}; it is tried again`);
      this.troubled = true;
      await this.parts.repository.noteError(this.source.identity, error.message);
      return undefined;
    }
  }

  private async forget(): Promise<void> {
    await this.parts.repository.forget(this.source.identity);
    this.nextForgetting = this.now + hour;
  }

  private sleepAfter(error: unknown): number {
    this.databaseFailures += 1;
    if (this.databaseFailures === 1 && !this.stopping.signal.aborted) {
      this.logger.warn(`${this.source.name} waits for the database: ${String(error)}`);
    }
    return Math.min(10_000, 250 * 2 ** this.databaseFailures);
  }

  private get now(): number {
    return performance.now();
  }
}
