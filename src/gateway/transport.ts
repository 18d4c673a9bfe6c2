import { type DomainEvent } from '../domain/events/index.js';
import { type GuildRoom } from './guild-room.js';

/** Carries a room's events to its own kind of clients. It attaches itself to the broadcaster. */
export abstract class Transport {
  abstract readonly name: string;

  /** Sends one event to everybody of this transport in the room. Must not throw and must not wait. */
  abstract send(room: GuildRoom, event: DomainEvent): void;

  /** The room has ended: its occupants leave it, and get nothing more. */
  abstract end(room: GuildRoom): void;
}
