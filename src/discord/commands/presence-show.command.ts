import { type MemberHiding } from '../../guilds/member-hiding.js';
import { BotCommand, type CommandCall } from './bot-command.js';

const shown = {
  en: 'You are no longer hidden: where this server is shown on the web, so are you.',
  es: 'Ya no estás oculto: donde este servidor se muestra en la web, tú también.',
};

/** Takes `/presence hide` back. */
export class PresenceShowCommand extends BotCommand {
  readonly path = { root: 'presence', name: { en: 'show', es: 'mostrar' } } as const;
  readonly description = { en: 'Show me on the web again', es: 'Volver a mostrarme en la web' };

  constructor(private readonly hiding: MemberHiding) {
    super();
  }

  async answer({ guildId, userId, language }: CommandCall): Promise<string> {
    await this.hiding.show(guildId, userId);
    return shown[language];
  }
}
