import { type Closing } from '../domain/closing.js';
import { type DomainEvent, type DomainEventOf, type DomainEventType } from '../domain/events/index.js';
import { type ClientFault } from './client-fault.js';
import { type GuildView } from './guild-view.js';

/**
 * There is no connection. waiting: it is tried again at `until`, in ms since 1970 · refused: the server ended it and
 * wants no other try; `retryNow` alone makes one. `closing`: why the server ended it; without one it was lost, or could
 * not be made. `fault`: a refusal that the server sent before.
 */
export type LostConnection =
  | { name: 'waiting'; until: number; fault?: ClientFault; closing?: Closing }
  | { name: 'refused'; closing: Closing; fault?: undefined; until?: undefined };

/**
 * connecting: not in the room yet, or not again · live: `guild` is what the room shows · refused with a `fault`: not let
 * in; without `until`, the time of the next try, for good · closed: left. Everything else is the connection's.
 */
export type RoomStatus =
  | { name: 'connecting' }
  | { name: 'live' }
  | LostConnection
  | { name: 'refused'; fault: ClientFault; until?: number; closing?: undefined }
  | { name: 'closed' };

/** `recovered`: nothing was missed, `guild` goes on. Otherwise `guild` is a new one, from a fresh snapshot. */
export interface Joined {
  recovered: boolean;
  guild: GuildView;
}

/** `event` is every event, and comes after the one that is named by its type. `guild` holds the event already. */
export type RoomEvents = { status: RoomStatus; joined: Joined; event: DomainEvent } & {
  [T in DomainEventType]: DomainEventOf<T>;
};

/** What opens a guarded guild: an API key of scope `read`, or what its door takes. */
export interface DoorCredentials {
  key?: string;
  password?: string;
  discordToken?: string;
  discordUser?: { id: string; username: string };
}

/** One guild, kept as its room shows it, over every loss of the connection until it is left. */
export interface ClientRoom {
  /** Id or alias, as it was asked for. */
  readonly reference: string;
  readonly status: RoomStatus;
  /** Undefined until the first entry, and after a refusal for good. */
  readonly guild: GuildView | undefined;
  /** `epoch:offset` of the newest event in `guild`. */
  readonly cursor: string | undefined;
  /** Answers a function that takes the listener away again. */
  on<Name extends keyof RoomEvents>(name: Name, listener: (value: RoomEvents[Name]) => void): () => void;
  /** For good: no listener is called after the `status` that says so. */
  leave(): void;
}
