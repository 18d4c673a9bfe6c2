/**
 * off: no token, or no guilds read from Discord · connecting: not yet, or not any more, being tried · ready: there is a
 * session, or, without one, Discord answers over REST · refused: Discord said no, and only the operator can change that
 * (`detail` is a sentence for them).
 */
export const discordStates = ['off', 'connecting', 'ready', 'refused'] as const;
export type DiscordState = (typeof discordStates)[number];

/** One of several connections to Discord's gateway, each with its own guilds; `up` while it has a session. */
export interface ShardState {
  id: number;
  up: boolean;
}

export abstract class DiscordStatus {
  /**
   * `missingIntents`: those that Discord does not allow the bot, out of `members`, `presences` and `message-content`;
   * the bot runs without them, and `detail` says what to switch on. `shards` is there when there are several.
   */
  abstract current(): {
    state: DiscordState;
    detail?: string;
    missingIntents: string[];
    shards?: readonly ShardState[];
  };

  /** Guilds the bot is in that nobody chose to show: name and id, for the banner alone. */
  abstract hiddenGuilds(): { id: string; name: string }[];

  /** Resolves when the client is ready or refused for the first time; at once when Discord is off. */
  abstract settled(): Promise<void>;
}
