import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';

/**
 * A data source for guilds. It answers in three ways: a value; `undefined` = I do not know this guild (the next
 * source is asked); a throw = I am broken (logged, and the next source is asked). An empty member list is a value.
 */
export abstract class DataProvider {
  /** As written in `DATA_PROVIDERS`, and as clients read it in `source`. */
  abstract readonly name: string;

  abstract listGuilds(): Promise<SourceGuild[]>;

  abstract loadGuild(guildId: string): Promise<SourceSnapshot | undefined>;
}
