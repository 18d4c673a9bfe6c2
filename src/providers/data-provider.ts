import { type Channel } from '../domain/channel.js';
import { type Member } from '../domain/member.js';
import { type SourceGuild } from '../domain/source-snapshot.js';

/** A member as a source knows it. Whatever is missing gets a default, whatever is wrong is mended or left out. */
export type SourceMember = Pick<Member, 'id'> & Partial<Omit<Member, 'id'>>;

/** What a source says about one guild. It is looked through before anybody sees it. */
export interface RawSnapshot {
  guild: SourceGuild;
  /** A list, or members by their ids. */
  members: readonly SourceMember[] | Readonly<Record<string, Partial<SourceMember>>>;
  /** Those that everybody may see. Left out: the source does not tell of channels. */
  channels?: readonly Channel[];
  /** Names what the source cannot tell, such as `presence`. */
  partial?: readonly string[];
  /** The source has this from elsewhere, and it is older there than it should be. Clients see it. */
  stale?: boolean;
  /** From when this is: ISO 8601, such as `2026-01-31T12:00:00Z`. Left out: from now. */
  asOf?: string;
}

/**
 * A data source for guilds. It answers in three ways: a value; `undefined` = I do not know this guild (the next
 * source is asked); a throw = I am broken (logged, and the next source is asked). An empty member list is a value.
 */
export abstract class DataProvider {
  /** As written in `DATA_PROVIDERS`, and as clients read it in `source`. */
  abstract readonly name: string;

  /**
   * Whether the source appends the events of its guilds to the log itself. If so, its answers are always the present
   * ones; otherwise they are kept for a while, and what differs from one to the next becomes events.
   */
  readonly live: boolean = false;

  /** `signal` aborts when the time for an answer is over. */
  abstract listGuilds(signal?: AbortSignal): Promise<readonly SourceGuild[]>;

  abstract loadGuild(guildId: string, signal?: AbortSignal): Promise<RawSnapshot | undefined>;

  /**
   * For sources that notice changes: calls `changed` with the id of a guild that should be read again, or without one
   * when that may be any. Called once, after the start; what it answers is called once, at the end.
   */
  watch?(changed: (guildId?: string) => void): Promise<() => Promise<void>>;
}
