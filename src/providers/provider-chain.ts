import { Fault } from '../domain/fault.js';
import { type GuardedSource, type LoadOptions, type SourcedGuild, type SourcedSnapshot } from './guarded-source.js';
import { mergeSnapshots } from './merge-snapshots.js';
import { type SourceReport } from './source-report.js';

export type { SourcedGuild, SourcedSnapshot } from './guarded-source.js';

/** fallback: the first source that knows the guild. merge: the members of all that know it, the first one's word counts. */
export const providerModes = ['fallback', 'merge'] as const;
export type ProviderMode = (typeof providerModes)[number];

export interface ChainOptions {
  mode: ProviderMode;
  /** The sources of single guilds, by guild, in their order. */
  guildSources: ReadonlyMap<string, readonly string[]>;
  /** Milliseconds between two looks at a guild whose sources do not tell changes themselves. */
  pollMs: number;
  /** Milliseconds for which what a broken source last said stands, before another may speak for it. */
  staleMs: number;
}

const usual: ChainOptions = { mode: 'fallback', guildSources: new Map(), pollMs: 30_000, staleMs: 600_000 };

/** Asks the configured data sources in their order. */
export class ProviderChain {
  private readonly underWay = new Map<string, Promise<SourcedSnapshot | undefined>>();

  constructor(
    private readonly sources: readonly GuardedSource[],
    readonly options: ChainOptions = usual,
  ) {}

  get names(): string[] {
    return this.sources.map(({ name }) => name);
  }

  /** Every guild that any of its sources knows, told by the first that does. */
  async guilds(): Promise<SourcedGuild[]> {
    const known = new Map<string, SourcedGuild>();
    const lists = await Promise.all(this.sources.map((source) => source.list()));
    for (const guild of lists.flat()) {
      const allowed = this.options.guildSources.get(guild.id)?.includes(guild.source) ?? true;
      if (allowed && !known.has(guild.id)) known.set(guild.id, guild);
    }
    return [...known.values()];
  }

  /**
   * Undefined when no source knows the guild. Those who ask at the same time share one answer.
   * @throws Fault `guild.unavailable` when no source answered and one that might know is broken.
   */
  load(guildId: string): Promise<SourcedSnapshot | undefined> {
    const running = this.underWay.get(guildId);
    if (running) return running;
    const loading = this.ask(guildId).finally(() => this.underWay.delete(guildId));
    this.underWay.set(guildId, loading);
    return loading;
  }

  /**
   * What the sources say now; nothing that was kept is good enough, unless the question was asked `since` then (by the
   * process's clock, in milliseconds). `loyalTo` names the source that spoke last: while that is broken no other speaks
   * for it, since its members would all seem to have left.
   * @throws as `load`
   */
  reload(guildId: string, loyalTo?: string, since?: number): Promise<SourcedSnapshot | undefined> {
    return this.ask(guildId, { fresh: true, loyalTo, since });
  }

  /** How each source answers now, in their order. */
  examine(): Promise<SourceReport[]> {
    return Promise.all(this.sources.map((source) => source.examine()));
  }

  /** Whether whoever speaks for the guild, as `speaker` did last, tells its changes itself. */
  isLive(guildId: string, speaker: string): boolean {
    const sources = this.sourcesOf(guildId);
    // Where all of them speak, one that was silent may begin to.
    const speaking = this.options.mode === 'merge' ? sources : sources.filter(({ name }) => name === speaker);
    return speaking.every(({ live }) => live);
  }

  /** Calls `changed` for a guild that a source noticed a change in, or without one for any. Answers how to stop. */
  watch(changed: (guildId?: string) => void): () => Promise<void> {
    const stops = this.sources.map((source) => source.watch(changed));
    return async () => {
      await Promise.all(stops.map((stop) => stop()));
    };
  }

  private sourcesOf(guildId: string): readonly GuardedSource[] {
    const names = this.options.guildSources.get(guildId);
    if (!names) return this.sources;
    return names.flatMap((wanted) => this.sources.find(({ name }) => name === wanted) ?? []);
  }

  private async ask(
    guildId: string,
    { loyalTo, ...options }: LoadOptions & { loyalTo?: string } = {},
  ): Promise<SourcedSnapshot | undefined> {
    const loyal = loyalTo?.split('+') ?? [];
    const answers: SourcedSnapshot[] = [];
    const broken: string[] = [];
    for (const source of this.sourcesOf(guildId)) {
      try {
        const snapshot = await source.load(guildId, options);
        if (snapshot) answers.push(snapshot);
      } catch {
        broken.push(source.name);
        if (loyal.includes(source.name)) throw unavailable();
      }
      if (answers.length > 0 && this.options.mode === 'fallback') break;
    }
    const [first, ...others] = answers;
    if (first) return this.options.mode === 'fallback' ? first : mergeSnapshots(first, others, broken);
    if (broken.length > 0) throw unavailable();
    return undefined;
  }
}

function unavailable(): Fault {
  return new Fault('guild.unavailable', 'The data source of this guild does not answer.', { retryAfter: 5 });
}
