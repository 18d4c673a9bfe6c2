import { Logger } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';
import { type DataProvider } from './data-provider.js';
import { readSnapshot, type Repairs } from './read-snapshot.js';

export type SourcedGuild = SourceGuild & { source: string };

/** A source's answer and where it came from. `asOf` is ISO 8601, UTC. */
export type SourcedSnapshot = SourceSnapshot & { source: string; asOf: string; stale: boolean };

/** Members of one guild. More than that is a fault of the source. */
const mostMembers = 250_000;

/** Asks the configured data sources in their order; the first that knows a guild answers for it. */
export class ProviderChain {
  private readonly logger = new Logger(ProviderChain.name);
  private readonly lastLists = new Map<DataProvider, SourcedGuild[]>();
  private readonly underWay = new Map<string, Promise<SourcedSnapshot | undefined>>();

  constructor(
    private readonly providers: readonly DataProvider[],
    private readonly timeoutMs: number,
  ) {}

  get names(): string[] {
    return this.providers.map((provider) => provider.name);
  }

  /**
   * Every guild that any source knows, told by the first that does. A source that is broken now counts with what it
   * last told: its guilds exist, and who asks for one hears that it cannot be read.
   */
  async guilds(): Promise<SourcedGuild[]> {
    const known = new Map<string, SourcedGuild>();
    const lists = await Promise.all(this.providers.map((provider) => this.listOf(provider)));
    for (const guild of lists.flat()) if (!known.has(guild.id)) known.set(guild.id, guild);
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

  private async ask(guildId: string): Promise<SourcedSnapshot | undefined> {
    let broken = false;
    for (const provider of this.providers) {
      try {
        const asOf = new Date().toISOString();
        const raw = await this.within(provider.loadGuild(guildId));
        if (raw === undefined) continue;
        const { snapshot, repairs } = readSnapshot(raw, guildId, mostMembers);
        if (repairs.size > 0) this.reportRepairs(provider, guildId, repairs);
        return { ...snapshot, source: provider.name, asOf, stale: false };
      } catch (error) {
        broken = true;
        this.report(provider, error);
      }
    }
    if (broken)
      throw new Fault('guild.unavailable', 'The data source of this guild does not answer.', { retryAfter: 5 });
    return undefined;
  }

  private async listOf(provider: DataProvider): Promise<SourcedGuild[]> {
    try {
      const guilds = await this.within(provider.listGuilds());
      const list = guilds.map((guild) => ({ ...guild, source: provider.name }));
      this.lastLists.set(provider, list);
      return list;
    } catch (error) {
      this.report(provider, error);
      return this.lastLists.get(provider) ?? [];
    }
  }

  private async within<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private reportRepairs(provider: DataProvider, guildId: string, repairs: Repairs): void {
    const list = [...repairs].map(([what, count]) => `${what} (${count})`).join(', ');
    this.logger.warn(`data source ${provider.name}: mended in guild ${guildId}: ${list}`);
  }

  private report(provider: DataProvider, error: unknown): void {
    this.logger.warn(`data source ${provider.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
