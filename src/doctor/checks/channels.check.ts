import { type DoctorCheck } from '../doctor-check.js';
import { ok, skipped, type Verdict, warn } from '../finding.js';
import { type GuildChannels } from '../guild-channels.js';

const mostNamed = 5;

export const channelsCheck: DoctorCheck = {
  name: 'channels',
  async examine({ config, channels }) {
    if (!config.providers.names.includes('discord-gateway')) return skipped('No session reads messages.');
    const reading = await channels();
    if (!reading) return skipped('Discord did not tell which guilds the bot is in.');
    const { looked, left } = reading;
    if (looked.length === 0) return skipped('No guild of the bot is shown.');
    const verdicts = looked.map(verdictOf);
    return left === 0 ? verdicts : [...verdicts, skipped(`${left} more guilds were not looked at.`)];
  },
};

function verdictOf(guild: GuildChannels): Verdict {
  const { id, name } = guild;
  if ('fault' in guild) {
    return warn(`The channels of ${name} (${id}) could not be looked at: ${guild.fault}.`, 'Ask again later.');
  }
  const { open } = guild;
  const closed = open.filter(({ read }) => !read);
  if (open.length === 0) return ok(`${name}: no text channel is open to everybody, so no message leaves it.`);
  if (closed.length === 0)
    return ok(`${name}: the bot reads all ${open.length} text channels that are open to everybody.`);
  const named = closed.slice(0, mostNamed).map((channel) => `#${channel.name}`);
  const more = closed.length > named.length ? ' and others' : '';
  return warn(
    `${name}: the bot cannot read ${closed.length} of ${open.length} text channels that are open to everybody: ${named.join(', ')}${more}.`,
    "Allow View Channel to the bot's role there, if their messages are to be shown.",
  );
}
