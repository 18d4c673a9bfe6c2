import { AttemptLimiter } from '../../../src/access/attempt-limiter.js';
import { type DomainEvent, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { type Member } from '../../../src/domain/member.js';
import { type SourceGuild, type SourceSnapshot } from '../../../src/domain/source-snapshot.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { GatewayMetrics } from '../../../src/gateway/gateway.metrics.js';
import { GuildAccess } from '../../../src/gateway/guild-access.js';
import { Visits } from '../../../src/gateway/visits.js';
import { GuildDirectory } from '../../../src/gateway/guild-directory.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { JoinService } from '../../../src/gateway/join.service.js';
import { GuildDoors } from '../../../src/guilds/guild-doors.js';
import { type GuildSettings } from '../../../src/guilds/guild-settings.entity.js';
import { type GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { DataProvider } from '../../../src/providers/data-provider.js';
import { GuardedSource, type SourceLimits } from '../../../src/providers/guarded-source.js';
import { type ChainOptions, ProviderChain } from '../../../src/providers/provider-chain.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { FiltersInMemory } from './filters-in-memory.js';

/** A log that lets things happen between a look at it and the moment the looker hears of it. */
export class TurningLog extends MemoryEventLog {
  private atLook: (() => void) | undefined;
  private everyLook: NewDomainEvent | undefined;

  constructor() {
    super({ historySize: 100, historyAge: 60_000 });
  }

  doAtLook(act: () => void): void {
    this.atLook = act;
  }

  appendAfterLook(event: NewDomainEvent, turns: number): void {
    this.atLook = () => {
      let later = Promise.resolve();
      for (let turn = 0; turn < turns; turn += 1) later = later.then(() => undefined);
      void later.then(() => this.append(event));
    };
  }

  appendAfterEveryLook(event: NewDomainEvent): void {
    this.everyLook = event;
  }

  override async since(guildId: string, cursor: unknown): Promise<DomainEvent[] | undefined> {
    const events = await super.since(guildId, cursor);
    const act = this.atLook;
    this.atLook = undefined;
    act?.();
    if (this.everyLook) await this.append(this.everyLook);
    return events;
  }
}

/** A chain of sources that may take `timeoutMs` each, and keep nothing unless told otherwise. */
export function chainOf(
  providers: DataProvider[],
  timeoutMs: number,
  { options, ...limits }: Partial<SourceLimits> & { options?: ChainOptions } = {},
): ProviderChain {
  const nothing = { perMinute: 0, cacheMs: 0, revalidateMs: 0, staleMs: 0, emptyIsFailure: false };
  const bounds = { timeoutMs, concurrency: 100, ...nothing, ...limits };
  return new ProviderChain(
    providers.map((provider) => new GuardedSource(provider, bounds)),
    options,
  );
}

/** Knows one guild; `answer` decides when it tells of it. */
export class ListedProvider extends DataProvider {
  readonly name: string;
  loads = 0;
  lists = 0;

  constructor(
    readonly guildId: string,
    private readonly members: Member[] = [],
    private readonly parts: {
      name?: string;
      guild?: Partial<SourceGuild>;
      answer?: () => Promise<void>;
      listed?: () => Promise<void>;
    } = {},
  ) {
    super();
    this.name = parts.name ?? 'test';
  }

  async listGuilds(): Promise<SourceGuild[]> {
    this.lists += 1;
    const guilds = [this.guild];
    await this.parts.listed?.();
    return guilds;
  }

  async loadGuild(guildId: string): Promise<SourceSnapshot | undefined> {
    this.loads += 1;
    const snapshot = guildId === this.guildId ? { guild: this.guild, members: this.members, partial: [] } : undefined;
    await this.parts.answer?.();
    return snapshot;
  }

  private get guild(): SourceGuild {
    return { id: this.guildId, name: `Guild ${this.guildId}`, iconUrl: null, ...this.parts.guild };
  }
}

/** Settings of an operator who has decided nothing. */
export const noSettings = settingsOf([]);

export function settingsOf(rows: Partial<GuildSettings>[]): GuildSettingsStore {
  return { all: () => Promise.resolve(rows) } as unknown as GuildSettingsStore;
}

class AllowAll extends AttemptLimiter {
  check(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  failed(): Promise<void> {
    return Promise.resolve();
  }
}
const allowAll = new AllowAll();

export function houseOf(log: MemoryEventLog, providers: DataProvider[]) {
  const chain = chainOf(providers, 1_000);
  const filters = FiltersInMemory.make();
  const rooms = new GuildRooms(log, chain, filters);
  const access = new GuildAccess(new GuildDoors(), allowAll, new Visits());
  const directory = new GuildDirectory(chain, noSettings);
  const joins = new JoinService(directory, rooms, access, log, new GatewayMetrics(new Metrics(), rooms));
  return { chain, filters, rooms, joins };
}
