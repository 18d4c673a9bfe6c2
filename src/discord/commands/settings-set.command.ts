import { Fault } from '../../domain/fault.js';
import { type GuildSettings } from '../../guilds/guild-settings.entity.js';
import { type GuildSettingsPatch, type GuildSettingsStore } from '../../guilds/guild-settings.js';
import { type GuildAdmission } from '../guild-admission.js';
import { BotCommand, type CommandCall } from './bot-command.js';
import { sentences } from './command-sentences.js';
import { type Language } from './command-words.js';
import { settingRows } from './setting-rows.js';
import { settingsGroup, settingsText } from './settings-show.command.js';

const nothingGiven = {
  en: 'Nothing was changed: choose at least one setting.',
  es: 'No se ha cambiado nada: elige al menos un ajuste.',
};

/** Decides something about the guild. */
export class SettingsSetCommand extends BotCommand {
  readonly path = { root: 'guildcast', group: settingsGroup, name: { en: 'set', es: 'cambiar' } } as const;
  readonly description = { en: 'Decide something about this server', es: 'Decidir algo sobre este servidor' };
  override readonly options = settingRows.map(({ option }) => option);
  override readonly forManagers = true;

  constructor(
    private readonly store: GuildSettingsStore,
    private readonly admission: GuildAdmission,
  ) {
    super();
  }

  async answer(call: CommandCall): Promise<string> {
    const { guildId, language } = call;
    if (!this.admission.admits(guildId)) return sentences.notShown[language];
    const given = settingRows.flatMap(({ key, name, read }) => {
      const value = call.value(name.en);
      return value === undefined ? [] : [[key, read(value)] as const];
    });
    if (given.length === 0) return nothingGiven[language];
    // The store checks every value.
    const saved = await this.save(guildId, Object.fromEntries(given), language);
    return typeof saved === 'string' ? saved : settingsText(saved, language);
  }

  private async save(guildId: string, patch: GuildSettingsPatch, language: Language): Promise<GuildSettings | string> {
    try {
      return await this.store.save(guildId, patch);
    } catch (error) {
      const wrong = error instanceof Fault ? (error.details.errors ?? []).map(({ path }) => path.split('.')[0]) : [];
      const rules = settingRows.filter(({ key }) => wrong.includes(key));
      if (rules.length === 0) throw error;
      return rules.map(({ name, rule }) => `${name[language]}: ${rule[language]}`).join('\n');
    }
  }
}
