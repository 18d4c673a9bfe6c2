import { type NamedGuild } from '../../discord/discord-reading.js';
import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, skipped, type Verdict, warn } from '../finding.js';

/** Guilds that are named one by one. */
const mostNamed = 10;

export const guildsCheck: DoctorCheck = {
  name: 'guilds',
  async examine({ config, discord }) {
    const { GUILDS: chosen, providers } = config;
    const reading = await discord();
    if (!reading) {
      if (chosen === undefined) return skipped('Without a token there are no guilds of a bot.');
      return warn('GUILDS is set, but there is no bot to be in them.', "Set DISCORD_TOKEN to your bot's token.");
    }
    if (!providers.names.some((name) => name.startsWith('discord-'))) {
      return skipped('No source reads guilds from Discord.');
    }
    if (!reading.bot) return skipped('Discord did not tell which guilds the bot is in.');
    const { bot, guilds } = reading;
    const invitation = `https://discord.com/oauth2/authorize?client_id=${bot.id}&scope=bot`;
    if (guilds.length === 0) return warn('The bot is in no guild.', `Invite it: ${invitation}`);
    if (chosen === undefined) return unchosen(guilds);
    if (chosen === '*') return ok(`All ${guilds.length} guilds of the bot are shown.`);
    return absent(chosen, guilds, invitation);
  },
};

function unchosen(guilds: readonly NamedGuild[]): Verdict {
  const some = guilds.slice(0, mostNamed).map(({ id, name }) => `${id} (${name})`);
  const more = guilds.length > some.length ? ' and others' : '';
  return warn(
    `GUILDS is empty: of the ${guilds.length} guilds that the bot is in none is shown.`,
    `Set GUILDS to ids separated by commas, or to * for all: ${some.join(', ')}${more}.`,
  );
}

function absent(chosen: readonly string[], guilds: readonly NamedGuild[], invitation: string): Verdict | Verdict[] {
  const there = new Set(guilds.map(({ id }) => id));
  const missing = chosen.filter((id) => !there.has(id));
  if (missing.length === 0) return ok(`The bot is in each of the ${chosen.length} guilds that GUILDS names.`);
  const remedy = `Invite the bot (${invitation}), or take it out of GUILDS.`;
  const named = missing
    .slice(0, mostNamed)
    .map((id) => fail(`The bot is not in the guild ${id} that GUILDS names.`, remedy));
  const rest = missing.length - named.length;
  return rest === 0 ? named : [...named, fail(`Nor is it in ${rest} more of them.`, remedy)];
}
