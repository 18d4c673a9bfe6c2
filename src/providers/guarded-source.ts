import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';
import { type DataProvider } from './data-provider.js';
import { readGuild, readSnapshot, type Repairs } from './read-snapshot.js';
import { type GuardLimits, SourceGuard } from './source-guard.js';
import { reportOf, type SourceReport } from './source-report.js';

export type SourcedGuild = SourceGuild & { source: string };

/**
 * A source's answer and where it came from. `asOf` is ISO 8601, UTC. `renewing`: this is an old answer, and the source is
 * being asked for a new one.
 */
export type SourcedSnapshot = SourceSnapshot & { source: string; asOf: string; stale: boolean; renewing?: boolean };

export interface SourceLimits extends GuardLimits {
  /** Milliseconds for which an answer serves everybody who asks. */
  cacheMs: number;
  /** Milliseconds, after that, for which the old answer is given at once while a new one is asked for; 0: never. */
  revalidateMs: number;
  /** Milliseconds, after `cacheMs`, for which an old answer is better than none. */
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

interface KeptAnswer {
  snapshot: SourcedSnapshot;
  /** When the source was asked, and when it answered; by the process's clock, in milliseconds. */
  askedAt: number;
  at: number;
  /** The source noticed a change since. */
  outdated: boolean;
  /** It could not be renewed. */
  failed: boolean;
}

interface Question {
  answer: Promise<SourcedSnapshot | undefined>;
  /** Turns to true when the source notices a change while it is asked. */
  mark: { outdated: boolean };
}

export interface LoadOptions {
  /** No kept answer is good enough, */
  fresh?: boolean;
  /** except one to a question that was asked since then; by the process's clock, in milliseconds. */
  since?: number;
}

/** One data source as the chain sees it: guarded, looked through, and asked no more often than makes sense. */
export class GuardedSource {
  private readonly logger = new Logger(GuardedSource.name);
  private readonly guard: SourceGuard;
  private readonly kept: LRUCache<string, KeptAnswer>;
  private readonly underWay = new Map<string, Question>();
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

  /** Asks for the list of guilds as `list` does, and tells how that went. Counts as a question like any other. */
  examine(): Promise<SourceReport> {
    return reportOf(this.name, () => this.guard.ask((signal) => this.provider.listGuilds(signal), { lesser: true }));
  }

  /** What it last told while it is broken: its guilds exist, and who asks for one hears that it cannot be read. */
  async list(): Promise<SourcedGuild[]> {
    try {
      // Looked at far more often than it changes, and what it last said stands in for it.
      const told = await this.guard.ask((signal) => this.provider.listGuilds(signal), { lesser: true });
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
  async load(guildId: string, options: LoadOptions = {}): Promise<SourcedSnapshot | undefined> {
    const { fresh = false, since = Infinity } = options;
    const { cacheMs, staleMs } = this.limits;
    const kept = this.kept.get(guildId);
    const age = kept ? performance.now() - kept.at : Infinity;
    if (kept && !kept.outdated && (fresh ? kept.askedAt >= since : age <= cacheMs)) return kept.snapshot;
    if (kept && !fresh && this.mayStandIn(kept, age)) {
      this.renew(guildId, kept);
      return { ...kept.snapshot, stale: true, renewing: true };
    }
    try {
      return await this.ask(guildId);
    } catch (error) {
      this.report(error);
      if (!kept || fresh || age > cacheMs + staleMs) throw error;
      return { ...kept.snapshot, stale: true };
    }
  }

  /**
   * Whether an old answer may be given before the source is asked. Not one that the source itself called outdated: there
   * whoever asks would be shown what is known to be wrong, and a moment later see it change.
   */
  private mayStandIn({ outdated, failed }: KeptAnswer, age: number): boolean {
    const { cacheMs, revalidateMs, staleMs } = this.limits;
    return !outdated && age <= cacheMs + revalidateMs && (!failed || age <= cacheMs + staleMs);
  }

  /** Asks for a newer answer, for whoever comes next. */
  private renew(guildId: string, kept: KeptAnswer): void {
    this.ask(guildId).catch((error: unknown) => {
      kept.failed = true;
      this.report(error);
    });
  }

  private ask(guildId: string): Promise<SourcedSnapshot | undefined> {
    const running = this.underWay.get(guildId);
    if (running) return running.answer;
    const mark = { outdated: false };
    const answer = this.read(guildId, mark).finally(() => {
      if (this.underWay.get(guildId)?.mark === mark) this.underWay.delete(guildId);
    });
    this.underWay.set(guildId, { answer, mark });
    return answer;
  }

  private async read(guildId: string, mark: Question['mark']): Promise<SourcedSnapshot | undefined> {
    const askedAt = performance.now();
    const now = new Date().toISOString();
    const raw = await this.guard.ask((signal) => this.provider.loadGuild(guildId, signal));
    if (raw === undefined) {
      if (!mark.outdated) this.kept.delete(guildId);
      return undefined;
    }
    const { snapshot, repairs } = readSnapshot(raw, guildId, mostMembers);
    const members = snapshot.members.length;
    const took = Math.round(performance.now() - askedAt);
    this.logger.debug(`${this.name}: guild ${guildId}, ${took} ms, ${members} members`);
    if (members === 0 && this.limits.emptyIsFailure) throw new Error(`guild ${guildId} has no members`);
    if (repairs.size > 0) this.reportRepairs(`guild ${guildId}`, repairs);
    const { stale = false, asOf = now } = snapshot;
    // Another machine's clock may be ahead of ours.
    const sourced = { ...snapshot, source: this.name, stale, asOf: asOf < now ? asOf : now };
    this.keep(guildId, { snapshot: sourced, askedAt, at: performance.now(), outdated: mark.outdated, failed: false });
    return sourced;
  }

  private keep(guildId: string, answer: KeptAnswer): void {
    // What a live source said is old with its next event, and a slow answer may come after a newer one.
    if (this.live || (this.kept.peek(guildId)?.askedAt ?? -Infinity) > answer.askedAt) return;
    this.kept.set(guildId, answer);
  }

  /** The same faults come with every answer: said once. */
  private reportRepairs(where: string, repairs: Repairs): void {
    const list = [...repairs].map(([what, count]) => `${what} (${count})`).join(', ');
    const kinds = `${where}: ${[...repairs.keys()].sort().join(', ')}`;
    if (this.mended.has(kinds) || this.mended.size > mostKept) return;
    this.mended.add(kinds);
    this.logger.warn(`data source ${this.name}: mended in ${where}: ${list}`);
  }

  /**
   * What is kept of a guild, or of all, is too old to be given out, and still better than nothing. The next to ask does
   * not share an answer that is under way: it may be from before the change.
   */
  private outdate(guildId: string | undefined): void {
    const outdated = guildId === undefined ? this.kept.values() : [this.kept.peek(guildId)];
    for (const kept of outdated) if (kept) kept.outdated = true;
    for (const id of guildId === undefined ? [...this.underWay.keys()] : [guildId]) {
      const question = this.underWay.get(id);
      if (question) question.mark.outdated = true;
      this.underWay.delete(id);
    }
  }

  /** A source that is broken is so for every guild: the same words are not worth a line for each. */
  private report(error: unknown): void {
    const fault = error instanceof Error ? error.message : String(error);
    const now = performance.now();
    // How long is left to wait is another number each time.
    const words = fault.replaceAll(/\d+/g, '#');
    if (now - (this.complaints.get(words) ?? -Infinity) < complaintPause) return;
    this.complaints.set(words, now);
    this.logger.warn(`data source ${this.name}: ${fault}`);
  }
}
