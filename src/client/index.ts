import { io } from 'socket.io-client';
import { type ClientOptions, GuildClient } from './guild-client.js';

/**
 * Connects to Guildcast. `url` is its address, such as `http://127.0.0.1:3000`; in a browser it may be left out, and
 * is then where the page comes from.
 */
export function connect(url?: string, options?: ClientOptions): GuildClient {
  return new GuildClient((to, how) => (to === undefined ? io(how) : io(to, how)), url, options);
}

export { GuildClient, type ClientOptions, type ClientStatus } from './guild-client.js';
export { type BackoffOptions } from './backoff.js';
export { type ClientFault } from './client-fault.js';
export {
  type ClientRoom,
  type DoorCredentials,
  type Joined,
  type LostConnection,
  type RoomEvents,
  type RoomStatus,
} from './client-room.js';
export { type ClientSocket, type OpenSocket } from './client-socket.js';
export { type GuildView } from './guild-view.js';
export {
  type DomainEvent,
  type DomainEventMap,
  type DomainEventOf,
  type DomainEventType,
} from '../domain/events/index.js';
export { type Closing, type CloseReason } from '../domain/closing.js';
export { type Channel } from '../domain/channel.js';
export { type Activity, type Platform, type Status } from '../domain/presence.js';
export { type Member, type MemberReference } from '../domain/member.js';
