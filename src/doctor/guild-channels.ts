import { type DiscordExamination } from '../discord/discord-examination.js';
import { type DiscordReading, type NamedGuild, type OpenChannel } from '../discord/discord-reading.js';
import { type DiscordConfig } from '../discord/discord.config.js';

/** Guilds that are looked at: each costs Discord three questions. */
const mostGuilds = 10;
/** Milliseconds for one guild. */
const patience = 8_000;

/** Of one guild: its open channels, or why they are not known. */
export type GuildChannels = NamedGuild & ({ open: OpenChannel[] } | { fault: string });

/** Of the guilds that are shown, as far as they were looked at. */
export interface ChannelReading {
  looked: GuildChannels[];
  /** Shown guilds that were not looked at. */
  left: number;
}

/** Undefined when Discord did not tell which guilds the bot is in. Never throws. */
export async function readChannels(
  { GUILDS: chosen }: Pick<DiscordConfig, 'GUILDS'>,
  { bot, guilds = [] }: Partial<DiscordReading> = {},
  examination: DiscordExamination,
): Promise<ChannelReading | undefined> {
  if (!bot) return undefined;
  const shown = guilds.filter(({ id }) => chosen === '*' || chosen?.includes(id));
  const looked = shown.slice(0, mostGuilds).map(async (guild): Promise<GuildChannels> => {
    try {
      return { ...guild, open: await examination.channels(guild.id, bot.id, AbortSignal.timeout(patience)) };
    } catch (error) {
      return { ...guild, fault: error instanceof Error ? error.message : String(error) };
    }
  });
  return { looked: await Promise.all(looked), left: Math.max(0, shown.length - mostGuilds) };
}
