import { type MemberHiding } from '../../guilds/member-hiding.js';
import { BotCommand, type CommandCall } from './bot-command.js';

const hidden = {
  en: 'You are hidden: nothing of you in this server is shown on the web.',
  es: 'Estás oculto: nada tuyo en este servidor se muestra en la web.',
};

/** Takes whoever gives it off the web. Works in guilds that are not shown too: they may be one day. */
export class PresenceHideCommand extends BotCommand {
  readonly path = { root: 'presence', name: { en: 'hide', es: 'ocultar' } } as const;
  readonly description = { en: 'Do not show me on the web', es: 'No mostrarme en la web' };

  constructor(private readonly hiding: MemberHiding) {
    super();
  }

  async answer({ guildId, userId, language }: CommandCall): Promise<string> {
    await this.hiding.hide(guildId, userId);
    return hidden[language];
  }
}
