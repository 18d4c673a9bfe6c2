import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';

/** The guilds the bot is in and the operator shows (`GUILDS`), read from the Discord client's cache. Asks nobody. */
export abstract class DiscordGuilds {
  /** Empty while the client is not connected for the first time. */
  abstract list(): SourceGuild[];

  /** Undefined for a guild that the bot does not see or the operator does not show. */
  abstract snapshot(guildId: string): SourceSnapshot | undefined;
}
