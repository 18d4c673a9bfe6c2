import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';
import { type DataProvider } from './data-provider.js';
import { readGuild, readSnapshot, type Repairs } from './read-snapshot.js';
import { type GuardLimits, SourceGuard } from './source-guard.js';

export type SourcedGuild = SourceGuild & { source: string };

/** A source's answer and where it came from. `asOf` is ISO 8601, UTC. */
export type SourcedSnapshot = SourceSnapshot & { source: string; asOf: string; stale: boolean };

export interface SourceLimits extends GuardLimits {
  /** Milliseconds for which an answer serves everybody who asks. */
  cacheMs: number;
  /** Milliseconds, after that, for which an old answer is better than none. */
  staleMs: number;
  /** A guild without members counts as a failure of this source. */
  emptyIsFailure: boolean;
}

/** Members of one guild. More than that is a fault of the source. */
const mostMembers = 250_000;

/** Milliseconds before the same fault is worth another line in the log. */
const complaintPause = 60_000;

/** Faults that are remembered for that. */
const mostComplaints = 100;

/** Guilds whose answers are kept. */
const mostKept = 1_000;

/** One data source as the chain sees it: guarded, looked through, and asked no more often than makes sense. */
export class GuardedSource {
  private readonly logger = new Logger(GuardedSource.name);
  private readonly guard: SourceGuard;
  private readonly kept: LRUCache<string, { snapshot: SourcedSnapshot; at: number }>;
  private readonly underWay = new Map<string, Promise<SourcedSnapshot | undefined>>();
  private readonly mended = new Set<string>();
  private lastList: SourcedGuild[] = [];
  /** When each fault was last told of. */
  private readonly complaints = new LRUCache<string, number>({ max: mostComplaints });

  constructor(
    private readonly provider: DataProvider,
    private readonly limits: SourceLimits,
  ) {
    this.guard = new SourceGuard(limits);
    this.kept = new LRUCache({ max: mostKept });
  }

  get name(): string {
    return this.provider.name;
  }

  get live(): boolean {
    return this.provider.live;
  }

  /**
   * See `DataProvider.watch`. Answers how to stop. A source that cannot watch, or takes long to begin, holds up neither the
   * start nor the end: it is read from time to time like any other.
   */
  watch(changed: (guildId?: string) => void): () => Promise<void> {
    let ended = false;
    let stop: (() => Promise<void>) | undefined;
    const begin = async (): Promise<void> => {
      stop = await this.provider.watch?.((guildId) => {
        this.outdate(guildId);
        if (!ended) changed(guildId);
      });
      if (ended) await stop?.();
    };
    begin().catch((error: unknown) => this.report(error));
    return async () => {
      ended = true;
      await stop?.();
    };
  }

  /** What it last told while it is broken: its guilds exist, and who asks for one hears that it cannot be read. */
  async list(): Promise<SourcedGuild[]> {
    try {
      const told = await this.guard.ask((signal) => this.provider.listGuilds(signal));
      const repairs: Repairs = new Map();
      const mend = (what: string) => void repairs.set(what, (repairs.get(what) ?? 0) + 1);
      const guilds = new Map<string, SourcedGuild>();
      for (const raw of told) {
        const guild = readGuild(raw, mend);
        if (guild) guilds.set(guild.id, { ...guild, source: this.name });
        else mend('guilds without an id');
      }
      if (repairs.size > 0) this.reportRepairs('its list', repairs);
      return (this.lastList = [...guilds.values()]);
    } catch (error) {
      this.report(error);
      return this.lastList;
    }
  }

  /**
   * Undefined when it does not know the guild. Those who ask at the same time share one answer, and so do those who ask
   * soon after, unless they want it `fresh`.
   * @throws Error when it cannot answer and told nothing that is still good enough
   */
  async load(guildId: string, { fresh = false } = {}): Promise<SourcedSnapshot | undefined> {
    const kept = this.kept.get(guildId);
    const age = kept ? performance.now() - kept.at : Infinity;
    if (kept && !fresh && age <= this.limits.cacheMs) return kept.snapshot;
    try {
      return await this.ask(guildId);
    } catch (error) {
      this.report(error);
      if (!kept || fresh || age > this.limits.cacheMs + this.limits.staleMs) throw error;
      return { ...kept.snapshot, stale: true };
    }
  }

  private ask(guildId: string): Promise<SourcedSnapshot | undefined> {
    const running = this.underWay.get(guildId);
    if (running) return running;
    const asking = this.read(guildId).finally(() => this.underWay.delete(guildId));
    this.underWay.set(guildId, asking);
    return asking;
  }

  private async read(guildId: string): Promise<SourcedSnapshot | undefined> {
    const at = performance.now();
    const asOf = new Date().toISOString();
    const raw = await this.guard.ask((signal) => this.provider.loadGuild(guildId, signal));
    if (raw === undefined) {
      this.kept.delete(guildId);
      return undefined;
    }
    const { snapshot, repairs } = readSnapshot(raw, guildId, mostMembers);
    const members = snapshot.members.length;
    this.logger.debug(`${this.name}: guild ${guildId}, ${Math.round(performance.now() - at)} ms, ${members} members`);
    if (members === 0 && this.limits.emptyIsFailure) throw new Error(`guild ${guildId} has no members`);
    if (repairs.size > 0) this.reportRepairs(`guild ${guildId}`, repairs);
    const sourced = { ...snapshot, source: this.name, asOf, stale: false };
    // What a live source said is old with its next event.
    if (!this.live) this.kept.set(guildId, { snapshot: sourced, at: performance.now() });
    return sourced;
  }

  /** The same faults come with every answer: said once. */
  private reportRepairs(where: string, repairs: Repairs): void {
    const list = [...repairs].map(([what, count]) => `${what} (${count})`).join(', ');
    const kinds = `${where}: ${[...repairs.keys()].sort().join(', ')}`;
    if (this.mended.has(kinds) || this.mended.size > mostKept) return;
    this.mended.add(kinds);
    this.logger.warn(`data source ${this.name}: mended in ${where}: ${list}`);
  }

  /** What is kept of a guild, or of all, is too old to be given out, and still better than nothing. */
  private outdate(guildId: string | undefined): void {
    const old = performance.now() - this.limits.cacheMs - 1;
    const outdated = guildId === undefined ? this.kept.values() : [this.kept.peek(guildId)];
    for (const kept of outdated) if (kept) kept.at = Math.min(kept.at, old);
  }

  /** A source that is broken is so for every guild: the same words are not worth a line for each. */
  private report(error: unknown): void {
    const fault = error instanceof Error ? error.message : String(error);
    const now = performance.now();
    if (now - (this.complaints.get(fault) ?? -Infinity) < complaintPause) return;
    this.complaints.set(fault, now);
    this.logger.warn(`data source ${this.name}: ${fault}`);
  }
}
