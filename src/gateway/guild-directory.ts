import { Injectable } from '@nestjs/common';
import { type Door } from '../domain/guild.js';
import { compareSnowflakes, isSnowflake } from '../domain/snowflake.js';
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
  private byName = new Map<string, DirectoryEntry>();
  private asOf = -Infinity;
  private refreshing: Promise<DirectoryEntry[]> | undefined;
  /** How often everything known was forgotten, and what that count was when `entries` were looked up. */
  private turn = 0;
  private shown = 0;

  constructor(
    private readonly chain: ProviderChain,
    private readonly settings: GuildSettingsStore,
  ) {}

  /** Oldest guild first. */
  async list(): Promise<DirectoryEntry[]> {
    if (performance.now() - this.asOf < freshness) return this.entries;
    return (this.refreshing ??= this.refresh());
  }

  /** By id, or by alias in any case. */
  async find(reference: string): Promise<DirectoryEntry | undefined> {
    const wanted = reference.trim().toLowerCase().normalize('NFC');
    await this.list();
    return this.byName.get(wanted);
  }

  async defaultGuild(): Promise<DirectoryEntry | undefined> {
    return (await this.list()).find((entry) => entry.default);
  }

  /** Without asking anybody. */
  lastKnown(guildId: string): DirectoryEntry | undefined {
    const entry = this.byName.get(guildId);
    return entry?.id === guildId ? entry : undefined;
  }

  /** The next question looks again, also when a look is under way: that one may have seen what was before. */
  forget(): void {
    this.asOf = -Infinity;
    this.refreshing = undefined;
    this.turn += 1;
  }

  private async refresh(): Promise<DirectoryEntry[]> {
    const turn = this.turn;
    try {
      const [guilds, settings] = await Promise.all([this.chain.guilds(), this.settings.all()]);
      const entries = describe(guilds, new Map(settings.map((row) => [row.guildId, row])));
      if (turn < this.shown) return entries;
      this.shown = turn;
      this.entries = entries;
      // Ids last: they win over an alias that looks like one.
      this.byName = new Map([
        ...entries.map((entry): [string, DirectoryEntry] => [entry.alias, entry]),
        ...entries.map((entry): [string, DirectoryEntry] => [entry.id, entry]),
      ]);
      if (turn === this.turn) this.asOf = performance.now();
      return entries;
    } finally {
      if (turn === this.turn) this.refreshing = undefined;
    }
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
    // As it is looked for: some systems take letters apart, and file names with them.
    const plain = guild.suggested?.alias?.toLowerCase().normalize('NFC') ?? slugOf(guild.name);
    const names = plain === '' ? [] : [plain, `${plain}-${guild.id.slice(-4)}`];
    // A name that looks like an id would stand in the way of the guild that has the id.
    claim(guild.id, names.find((name) => name !== 'default' && !isSnowflake(name) && !taken.has(name)) ?? guild.id);
  }
  return aliases;
}

const longestSlug = 32;

/** Letters and digits of any script in small, without marks. Empty for a name that has neither. */
export function slugOf(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-');
  // By code points: half a letter is none.
  return [...words.replace(/^-/, '')].slice(0, longestSlug).join('').replace(/-$/, '');
}
