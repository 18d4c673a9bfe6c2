import { Fault } from '../domain/fault.js';
import { isSnowflake } from '../domain/snowflake.js';
import { type GuildDirectory } from '../gateway/guild-directory.js';

/**
 * The id of the guild meant by an id or alias. Any id will do: something may be decided about a guild before it is
 * shown, and while it is not.
 * @throws Fault `guild.not_found`
 */
export async function guildIdOf(directory: GuildDirectory, reference: string): Promise<string> {
  const entry = await directory.find(reference);
  if (entry) return entry.id;
  if (isSnowflake(reference)) return reference;
  throw new Fault('guild.not_found', 'There is no such guild.');
}
