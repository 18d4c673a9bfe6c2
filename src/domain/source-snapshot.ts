import { type Channel } from './channel.js';
import { type Door } from './guild.js';
import { type Member } from './member.js';

/** A guild as a data source tells of it, before an operator's settings are laid over it. */
export interface SourceGuild {
  id: string;
  name: string;
  iconUrl: string | null;
  /** What the source would choose where the operator has not chosen. */
  suggested?: { alias?: string; default?: boolean; door?: Door };
}

/** What a data source answers for one guild. */
export interface SourceSnapshot {
  guild: SourceGuild;
  members: Member[];
  /** Those that everybody can see. Undefined: the source does not tell of channels. */
  channels?: Channel[];
  /** Names what the source could not tell, such as `intent:presences`. */
  partial: string[];
  /** The source says itself that this is older than it should be. */
  stale?: boolean;
  /** From when this is, where the source says so; ISO 8601, UTC. */
  asOf?: string;
}
