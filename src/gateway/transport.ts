import { type DomainEvent } from '../domain/events/index.js';
import { type GuildRoom } from './guild-room.js';

export const transportNames = ['socket.io', 'websocket', 'sse', 'polling'] as const;
export type TransportName = (typeof transportNames)[number];

/** Carries a room's events to its own kind of clients. It attaches itself to the broadcaster. */
export abstract class Transport {
  abstract readonly name: TransportName;

  /**
   * Sends one event to everybody of this transport in the room, and answers how many frames that makes. Must not throw
   * and must not wait.
   */
  abstract send(room: GuildRoom, event: DomainEvent): number;

  /** The room has ended: its occupants leave it, and get nothing more. */
  abstract end(room: GuildRoom): void;
}
