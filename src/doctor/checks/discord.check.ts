import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, skipped, warn } from '../finding.js';

export const discordCheck: DoctorCheck = {
  name: 'discord',
  async examine({ config, discord }) {
    const reading = await discord();
    if (!reading) return skipped('No DISCORD_TOKEN is set: nothing is read from Discord, and nothing is sent.');
    const { fault, bot, guilds } = reading;
    if (fault?.kind === 'token') {
      return fail(
        'Discord refused the token in DISCORD_TOKEN.',
        'Make a new one in the developer portal under Bot → Reset Token, and set it.',
      );
    }
    if (fault?.kind === 'busy') return warn(`${fault.sentence}.`, 'Ask again when it is over.');
    if (fault) {
      return fail(
        `${fault.sentence.replace(/\.$/, '')}.`,
        `Look at this machine's way to ${hostOf(config.DISCORD_API_URL)} (DISCORD_API_URL), and at https://discordstatus.com.`,
      );
    }
    return ok(`Discord knows the token: the bot is "${bot?.name}", in ${countOf(guilds.length)}.`);
  },
};

function hostOf(address: string): string {
  return new URL(address).host;
}

function countOf(guilds: number): string {
  return guilds === 1 ? 'one guild' : `${guilds} guilds`;
}
