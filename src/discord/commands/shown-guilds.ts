import { type Door } from '../../domain/guild.js';

/** Where a guild is found on the web. */
export interface GuildPlace {
  alias: string;
  door: Door;
}

/** How a guild stands there. */
export interface GuildStanding extends GuildPlace {
  /** Names of the data sources. */
  source: string;
  memberCount: number;
  onlineCount: number;
  /** What is shown is older than it should be. */
  stale: boolean;
  /** What is missing, as in a snapshot. */
  partial: readonly string[];
}

/** The guilds as visitors find them. Both answer undefined for a guild that is not shown. */
export abstract class ShownGuilds {
  abstract place(guildId: string): Promise<GuildPlace | undefined>;

  /** @throws Fault `guild.unavailable` when no source answers */
  abstract standing(guildId: string): Promise<GuildStanding | undefined>;
}
