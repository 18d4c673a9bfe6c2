import { showsEverything } from '../../../src/domain/shown-filter.js';
import { type GuildSettings } from '../../../src/guilds/guild-settings.entity.js';
import { type GuildSettingsPatch, type GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { type Hidden, type HiddenMembers } from '../../../src/guilds/hidden-members.js';
import { ShownFilters } from '../../../src/guilds/shown-filters.js';

/** The filters of guilds over tables that are variables; every change is read at once. */
export class FiltersInMemory extends ShownFilters {
  private constructor(
    private readonly tables: { settings: Map<string, GuildSettings>; hidden: { present: Hidden } },
    private readonly tell: () => void,
    stores: { settings: GuildSettingsStore; hidden: HiddenMembers },
  ) {
    super(stores.settings, stores.hidden);
  }

  static make(): FiltersInMemory {
    const settings = new Map<string, GuildSettings>();
    const hidden = { present: { everywhere: new Set(), inGuild: new Map() } as Hidden };
    const listeners: (() => void)[] = [];
    const onRead = (listener: () => void): void => void listeners.push(listener);
    const stores = {
      settings: { present: settings, onRead } as unknown as GuildSettingsStore,
      hidden: Object.assign(hidden, { onRead }) as unknown as HiddenMembers,
    };
    return new FiltersInMemory({ settings, hidden }, () => listeners.forEach((hear) => hear()), stores);
  }

  decide(guildId: string, patch: GuildSettingsPatch): void {
    const { hideOffline, hideBots, messages, channels } = showsEverything;
    const former = this.tables.settings.get(guildId) ?? {
      ...{ guildId, enabled: true, alias: null, isDefault: false, door: null, updatedAt: new Date() },
      ...{ hideOffline, hideBots, messages, channels: channels && [...channels], ignoredUsers: [], ignoredRoles: [] },
    };
    this.tables.settings.set(guildId, { ...former, ...patch });
    this.tell();
  }

  /** These and nobody else; null: everywhere. */
  hide(guildId: string | null, ...users: string[]): void {
    const { everywhere, inGuild } = this.tables.hidden.present;
    this.tables.hidden.present =
      guildId === null
        ? { everywhere: new Set(users), inGuild }
        : { everywhere, inGuild: new Map([...inGuild, [guildId, new Set(users)]]) };
    this.tell();
  }
}
