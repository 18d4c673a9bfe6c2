import { type GuildRoom, type SnapshotEncoding } from '../guild-room.js';
import { type JoinService } from '../join.service.js';
import { type MessageRates } from '../message-budget.js';

/** What connections of kind `C` need of the house: one for all of them. `ask` throws a Fault when an address asks too fast. */
export interface ConnectionServices<C> {
  joins: JoinService;
  snapshots: SnapshotEncoding;
  deleteDelayMs: number;
  /** Milliseconds to the first `connect`. */
  handshakeMs: number;
  /** Bytes of live frames that may wait for one reader. */
  maxBuffered: number;
  rates: MessageRates;
  /** The Discord application at which visitors log in. */
  clientId: string | undefined;
  ask(bucket: 'socket' | 'join', address: string): Promise<void>;
  /** A client reads too slowly, and is cut off. */
  cut(): void;
  entered(connection: C, room: GuildRoom): void;
  left(connection: C, room: GuildRoom): void;
}
