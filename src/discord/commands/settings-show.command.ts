import { type GuildSettings } from '../../guilds/guild-settings.entity.js';
import { type GuildSettingsStore } from '../../guilds/guild-settings.js';
import { type GuildAdmission } from '../guild-admission.js';
import { BotCommand, type CommandCall } from './bot-command.js';
import { sentences } from './command-sentences.js';
import { type Language } from './command-words.js';
import { settingRows } from './setting-rows.js';

export const settingsGroup = { en: 'settings', es: 'ajustes' } as const;

/** What was decided about the guild. */
export class SettingsShowCommand extends BotCommand {
  readonly path = { root: 'guildcast', group: settingsGroup, name: { en: 'show', es: 'mostrar' } } as const;
  readonly description = { en: 'What is decided about this server', es: 'Lo decidido sobre este servidor' };
  override readonly forManagers = true;

  constructor(
    private readonly store: GuildSettingsStore,
    private readonly admission: GuildAdmission,
  ) {
    super();
  }

  async answer({ guildId, language }: CommandCall): Promise<string> {
    if (!this.admission.admits(guildId)) return sentences.notShown[language];
    return settingsText(await this.store.get(guildId), language);
  }
}

/** One line for each setting. */
export function settingsText(settings: GuildSettings | undefined, language: Language): string {
  return settingRows.map(({ name, show }) => `${name[language]}: ${show(settings, language)}`).join('\n');
}
