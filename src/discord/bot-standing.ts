import { type Refusal } from './connection-refusal.js';
import { DiscordStatus } from './discord-status.js';

/** How the bot stands with Discord, and where those who ask Discord over REST say what they met there. */
export abstract class BotStanding extends DiscordStatus {
  /** A sentence for the operator once Discord has refused the token: nothing may be asked or sent any more. */
  abstract tokenRefusal(): string | undefined;

  /** Nothing is tried any more until the program starts again. */
  abstract refuse(refusal: Refusal): void;

  /** Discord answered a question about guilds. */
  abstract reached(): void;

  /** Discord gave no answer that is one; `reason` is a sentence. */
  abstract unreached(reason: string): void;

  /** Every guild the bot is in. */
  abstract sawGuilds(guilds: readonly { id: string; name: string }[]): void;

  /** Whether Discord lets the bot read a guild's list of members. */
  abstract sawMembers(guildId: string, allowed: boolean): void;
}
