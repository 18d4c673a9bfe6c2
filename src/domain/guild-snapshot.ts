import { z } from 'zod';
import { channel } from './channel.js';
import { guild } from './guild.js';
import { member } from './member.js';

/** A guild as one moment saw it, with where that came from. Frames after `cursor` continue it. */
export const guildSnapshot = z.object({
  guild,
  members: z.array(member),
  channels: z.array(channel).describe('Those that everybody can see; none where the source does not tell.'),
  cursor: z.string(),
  /** Name of the data source. */
  source: z.string(),
  /** When the source was asked, or from when what it said is, where it told; ISO 8601, UTC. */
  asOf: z.iso.datetime(),
  /** This is older than it should be: the source could not be asked again, or says so itself. */
  stale: z.boolean(),
  /** Names what is missing, such as `intent:presences`. */
  partial: z.array(z.string()),
});
export type GuildSnapshot = z.infer<typeof guildSnapshot>;
