import { BotCommand, type CommandCall } from './bot-command.js';
import { sentences } from './command-sentences.js';
import { type ShownGuilds } from './shown-guilds.js';

const noAddress = {
  en: 'Nobody has said yet where this server is found on the web. Its operator sets PUBLIC_URL.',
  es: 'Nadie ha dicho todavía dónde se encuentra este servidor en la web. Su operador define PUBLIC_URL.',
};

/** Where the guild's room is. */
export class LinkCommand extends BotCommand {
  readonly path = { root: 'guildcast', name: { en: 'link', es: 'enlace' } } as const;
  readonly description = { en: 'Where this server is found on the web', es: 'Dónde está este servidor en la web' };

  /** `publicUrl`: where browsers find this program, without a slash at its end. */
  constructor(
    private readonly guilds: ShownGuilds,
    private readonly publicUrl: string | undefined,
  ) {
    super();
  }

  async answer({ guildId, language }: CommandCall): Promise<string> {
    const place = await this.guilds.place(guildId);
    if (place === undefined) return sentences.notShown[language];
    if (this.publicUrl === undefined) return noAddress[language];
    return `${this.publicUrl}/#/guild/${encodeURIComponent(place.alias)}`;
  }
}
