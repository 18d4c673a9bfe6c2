/** What was found out about the bot by asking Discord over REST. Sentences are for the operator and hold no secret. */
export interface DiscordReading {
  /** By how many milliseconds Discord's clock is ahead of ours; undefined when no answer told. */
  clockAheadMs?: number;
  /** Why the rest is not known: Discord refused the token, wants a pause, or gave no answer that is one. */
  fault?: { kind: 'token' | 'busy' | 'unreached'; sentence: string };
  bot?: { id: string; name: string };
  /** Intents that are switched off; labels as in the developer portal. */
  missingIntents: { name: string; label: string }[];
  /** Every guild the bot is in. */
  guilds: NamedGuild[];
}

export interface NamedGuild {
  id: string;
  name: string;
}

/** A channel of text that everybody in the guild may read. */
export interface OpenChannel {
  id: string;
  name: string;
  /** Whether the bot may read it too. */
  read: boolean;
}
