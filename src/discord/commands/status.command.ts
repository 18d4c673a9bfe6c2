import { type DiscordState, type DiscordStatus } from '../discord-status.js';
import { BotCommand, type CommandCall } from './bot-command.js';
import { sentences } from './command-sentences.js';
import { type Language, type Words } from './command-words.js';
import { type GuildStanding, type ShownGuilds } from './shown-guilds.js';
import { type WaitingNotifications } from './waiting-notifications.js';

const states: Record<DiscordState, Words> = {
  off: { en: 'off', es: 'apagada' },
  connecting: { en: 'being made again', es: 'restableciéndose' },
  ready: { en: 'up', es: 'activa' },
  refused: { en: 'refused', es: 'rechazada' },
};

const words = {
  connection: { en: 'Connection to Discord', es: 'Conexión con Discord' },
  shown: { en: 'Members shown', es: 'Miembros mostrados' },
  online: { en: 'online', es: 'en línea' },
  source: { en: 'Source', es: 'Fuente' },
  stale: { en: 'older than it should be', es: 'más antigua de lo debido' },
  missing: { en: 'Missing', es: 'Falta' },
  waiting: { en: 'Notifications waiting', es: 'Notificaciones en espera' },
} satisfies Record<string, Words>;

/** How the guild stands on the web. */
export class StatusCommand extends BotCommand {
  readonly path = { root: 'guildcast', name: { en: 'status', es: 'estado' } } as const;
  readonly description = { en: 'How this server is shown on the web', es: 'Cómo se muestra este servidor en la web' };

  constructor(
    private readonly guilds: ShownGuilds,
    private readonly status: DiscordStatus,
    private readonly waiting: WaitingNotifications | undefined,
  ) {
    super();
  }

  async answer({ guildId, language }: CommandCall): Promise<string> {
    const [standing, waiting] = await Promise.all([
      this.guilds.standing(guildId),
      // What the database cannot tell now is left out.
      this.waiting?.count().catch(() => undefined),
    ]);
    if (standing === undefined) return sentences.notShown[language];
    const lines = [
      `${words.connection[language]}: ${states[this.status.current().state][language]}`,
      ...standingLines(standing, language),
    ];
    if (waiting !== undefined) lines.push(`${words.waiting[language]}: ${waiting}`);
    return lines.join('\n');
  }
}

function standingLines(
  { memberCount, onlineCount, source, stale, partial }: GuildStanding,
  language: Language,
): string[] {
  const age = stale ? ` (${words.stale[language]})` : '';
  return [
    `${words.shown[language]}: ${memberCount} (${onlineCount} ${words.online[language]})`,
    `${words.source[language]}: ${source}${age}`,
    ...(partial.length > 0 ? [`${words.missing[language]}: ${partial.join(', ')}`] : []),
  ];
}
