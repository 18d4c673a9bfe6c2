import { type Channel } from '../domain/channel.js';
import { type Door } from '../domain/guild.js';
import { type GuildSnapshot } from '../domain/guild-snapshot.js';
import { type GuildState } from '../domain/guild-state.js';
import { type Member } from '../domain/member.js';

/** A guild as its room shows it now. It changes in place with every event. */
export interface GuildView extends Readonly<Omit<GuildState, 'members' | 'channels'>> {
  readonly id: string;
  readonly alias: string;
  readonly door: Door;
  readonly members: ReadonlyMap<string, Readonly<Member>>;
  /** Those that everybody can see, by id; none where the source does not tell. */
  readonly channels: ReadonlyMap<string, Readonly<Channel>>;
  /** Name of the data source. */
  readonly source: string;
  /** From when the snapshot is; ISO 8601, UTC. */
  readonly asOf: string;
  /** The snapshot was older than it should be, and no word that it is true has come since. */
  readonly stale: boolean;
  /** Names what is missing, such as `intent:presences`. */
  readonly partial: readonly string[];
}

export type KeptGuild = GuildState & Omit<GuildView, keyof GuildState | 'stale'> & { stale: boolean };

/** A server of an earlier version tells of no channels. */
export function viewOf({ guild, members, channels = [], source, asOf, stale, partial }: GuildSnapshot): KeptGuild {
  return {
    id: guild.id,
    alias: guild.alias,
    door: guild.door,
    name: guild.name,
    iconUrl: guild.iconUrl,
    members: new Map(members.map((member) => [member.id, member])),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    available: true,
    source,
    asOf,
    stale,
    partial,
  };
}
