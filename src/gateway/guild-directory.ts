import { Injectable } from '@nestjs/common';
import { type Door } from '../domain/guild.js';
import { compareSnowflakes } from '../domain/snowflake.js';
import { GuildSettingsStore } from '../guilds/guild-settings.js';
import { ProviderChain, type SourcedGuild } from '../providers/provider-chain.js';

/** A guild that visitors can find, as the operator's settings and its source's suggestions make it. */
export interface DirectoryEntry {
  id: string;
  name: string;
  alias: string;
  iconUrl: string | null;
  default: boolean;
  door: Door;
  source: string;
}

/** How long one look at the sources serves everybody who asks, in milliseconds. */
const freshness = 1_000;

/** Which guilds there are, under which names, and which of them is meant when a client does not say. */
@Injectable()
export class GuildDirectory {
  private entries: DirectoryEntry[] = [];
  private asOf = -Infinity;
  private refreshing: Promise<DirectoryEntry[]> | undefined;

  constructor(
    private readonly chain: ProviderChain,
    private readonly settings: GuildSettingsStore,
  ) {}

  /** Oldest guild first. */
  async list(): Promise<DirectoryEntry[]> {
    if (performance.now() - this.asOf < freshness) return this.entries;
    this.refreshing ??= this.refresh().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /** By id, or by alias in any case. */
  async find(reference: string): Promise<DirectoryEntry | undefined> {
    const wanted = reference.trim().toLowerCase();
    const entries = await this.list();
    return entries.find((entry) => entry.id === wanted) ?? entries.find((entry) => entry.alias === wanted);
  }

  async defaultGuild(): Promise<DirectoryEntry | undefined> {
    return (await this.list()).find((entry) => entry.default);
  }

  /** Without asking anybody. */
  lastKnown(guildId: string): DirectoryEntry | undefined {
    return this.entries.find((entry) => entry.id === guildId);
  }

  /** The next question looks again. */
  forget(): void {
    this.asOf = -Infinity;
  }

  private async refresh(): Promise<DirectoryEntry[]> {
    const [guilds, settings] = await Promise.all([this.chain.guilds(), this.settings.all()]);
    this.entries = describe(guilds, new Map(settings.map((row) => [row.guildId, row])));
    this.asOf = performance.now();
    return this.entries;
  }
}

interface Choice {
  enabled: boolean;
  alias: string | null;
  isDefault: boolean;
  door: Door | null;
}

/** Lays the operator's choices over what the sources suggest, and makes aliases unique and the default single. */
export function describe(guilds: readonly SourcedGuild[], choices: ReadonlyMap<string, Choice>): DirectoryEntry[] {
  const shown = guilds
    .filter((guild) => choices.get(guild.id)?.enabled ?? true)
    .sort((a, b) => compareSnowflakes(a.id, b.id));
  const aliases = aliasesOf(shown, choices);
  const entries = shown.map((guild) => ({
    id: guild.id,
    name: guild.name,
    alias: aliases.get(guild.id) ?? guild.id,
    iconUrl: guild.iconUrl,
    default: choices.get(guild.id)?.isDefault ?? false,
    door: choices.get(guild.id)?.door ?? guild.suggested?.door ?? 'open',
    source: guild.source,
  }));
  // A guarded guild is never the answer to "default": clients that cannot get in would ask for it again and again.
  const open = entries.filter((entry) => entry.door === 'open');
  const suggested = new Set(guilds.filter((guild) => guild.suggested?.default).map((guild) => guild.id));
  const chosen = open.find((entry) => entry.default) ?? open.find((entry) => suggested.has(entry.id)) ?? open[0];
  return entries.map((entry) => ({ ...entry, default: entry === chosen }));
}

/**
 * The operator's alias, else the source's, else a slug of the name. Who comes first by id keeps the plain slug, the
 * others get the end of their id: so the outcome is the same after every start.
 */
function aliasesOf(guilds: readonly SourcedGuild[], choices: ReadonlyMap<string, Choice>): Map<string, string> {
  const aliases = new Map<string, string>();
  const taken = new Set<string>();
  const claim = (id: string, alias: string) => {
    aliases.set(id, alias);
    taken.add(alias);
  };
  for (const guild of guilds) {
    const alias = choices.get(guild.id)?.alias?.toLowerCase();
    if (alias && !taken.has(alias)) claim(guild.id, alias);
  }
  for (const guild of guilds) {
    if (aliases.has(guild.id)) continue;
    const plain = guild.suggested?.alias ?? slugOf(guild.name);
    const names = [plain, `${plain}-${guild.id.slice(-4)}`, guild.id];
    claim(guild.id, names.find((name) => name !== '' && name !== 'default' && !taken.has(name)) ?? guild.id);
  }
  return aliases;
}

export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32);
}
