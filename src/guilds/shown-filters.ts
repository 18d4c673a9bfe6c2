import { Injectable } from '@nestjs/common';
import { showsEverything, type ShownFilter } from '../domain/shown-filter.js';
import { type GuildSettings } from './guild-settings.entity.js';
import { GuildSettingsStore } from './guild-settings.js';
import { HiddenMembers } from './hidden-members.js';

/** What of each guild is shown: the operator's settings and who hides, as they were last known. */
@Injectable()
export class ShownFilters {
  /** Of guilds with something of their own; the others have `common`. */
  private byGuild: ReadonlyMap<string, ShownFilter> = new Map();
  private common: ShownFilter | undefined;
  private everywhere: ReadonlySet<string> = new Set();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly settings: GuildSettingsStore,
    private readonly hidden: HiddenMembers,
  ) {
    settings.onRead(() => this.combine());
    hidden.onRead(() => this.combine());
  }

  /** The same object for as long as nothing about it changes; undefined where everything is shown. */
  of(guildId: string): ShownFilter | undefined {
    return this.byGuild.get(guildId) ?? this.common;
  }

  /** Calls `listener` when the filter of some guild has become another. It must not throw. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private combine(): void {
    const { inGuild } = this.hidden.present;
    // The same set as before wherever it can be: comparing it for each guild is then for nothing.
    if (!sameSet(this.everywhere, this.hidden.present.everywhere)) this.everywhere = this.hidden.present.everywhere;
    const { everywhere } = this;
    const rows = this.settings.present;
    const common = kept(this.common, everywhere.size > 0 ? { ...showsEverything, hidden: everywhere } : undefined);
    let changed = common !== this.common;
    const byGuild = new Map<string, ShownFilter>();
    for (const guildId of new Set([...rows.keys(), ...inGuild.keys()])) {
      const here = inGuild.get(guildId);
      const decided = rows.get(guildId);
      if (!here && (!decided || decidesNothing(decided))) continue;
      const hidden = here ? new Set([...everywhere, ...here]) : everywhere;
      const before = this.byGuild.get(guildId);
      const filter = kept(before, { ...showsEverything, ...(decided && choicesOf(decided)), hidden });
      if (filter !== before) changed = true;
      if (filter) byGuild.set(guildId, filter);
    }
    changed ||= byGuild.size !== this.byGuild.size;
    this.common = common;
    this.byGuild = byGuild;
    if (changed) for (const listener of this.listeners) listener();
  }
}

function kept(before: ShownFilter | undefined, now: ShownFilter | undefined): ShownFilter | undefined {
  return before && now && sameFilter(before, now) ? before : now;
}

function decidesNothing(row: GuildSettings): boolean {
  const { hideOffline, hideBots, ignoredUsers, ignoredRoles, messages, channels } = row;
  return !hideOffline && !hideBots && ignoredUsers.length + ignoredRoles.length === 0 && messages && channels === null;
}

function choicesOf(row: GuildSettings): Omit<ShownFilter, 'hidden'> {
  const { hideOffline, hideBots, ignoredUsers, ignoredRoles, messages, channels } = row;
  return {
    hideOffline,
    hideBots,
    ignoredUsers: new Set(ignoredUsers),
    ignoredRoles: new Set(ignoredRoles),
    messages,
    channels: channels && new Set(channels),
  };
}

function sameFilter(one: ShownFilter, other: ShownFilter): boolean {
  return (
    one.hideOffline === other.hideOffline &&
    one.hideBots === other.hideBots &&
    one.messages === other.messages &&
    sameSet(one.hidden, other.hidden) &&
    sameSet(one.ignoredUsers, other.ignoredUsers) &&
    sameSet(one.ignoredRoles, other.ignoredRoles) &&
    (one.channels && other.channels ? sameSet(one.channels, other.channels) : one.channels === other.channels)
  );
}

function sameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one === other) return true;
  if (one.size !== other.size) return false;
  for (const id of one) if (!other.has(id)) return false;
  return true;
}
