import { type DomainEvent } from '../domain/events/index.js';
import { type LettingOut } from '../domain/events/guild-removed.js';
import { type GuildRoom } from './guild-room.js';

/** What one visitor hears whose room is over for them alone: the log has no such event. */
export function lettingOutOf(room: GuildRoom, reason: LettingOut): DomainEvent {
  const { guildId, cursor } = room;
  return { type: 'guild.removed', guildId, cursor, at: new Date().toISOString(), data: { reason } };
}
