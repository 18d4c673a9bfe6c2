import { z } from 'zod';
import { type DoorsConfig } from '../doors/doors.config.js';

export const gatewayConfig = z.object({
  /** Origins that browsers may read from: `*`, or a comma-separated list. */
  CORS_ORIGINS: z.string().min(1).default('*'),
  /** Seconds between two signs of life on a quiet socket; a peer that misses one is dropped. */
  HEARTBEAT_SECONDS: z.coerce.number().min(0.1).max(30).default(20),
  /** Bytes that may wait for one slow reader before it is cut off. */
  SLOW_CLIENT_BYTES: z.coerce.number().int().min(16_384).default(1_048_576),
  /** Sockets and streams that may be open at once, all transports together. */
  MAX_CONNECTIONS: z.coerce.number().int().min(1).default(10_000),
  /** The same from one address (IPv6: from one /64). */
  MAX_CONNECTIONS_PER_ADDRESS: z.coerce.number().int().min(1).default(1_000),
  /** Rooms that one socket may be in at once. */
  MAX_ROOMS_PER_SOCKET: z.coerce.number().int().min(1).default(100),
  /** Longest message of a client, in bytes. */
  MAX_FRAME_BYTES: z.coerce.number().int().min(1_024).max(16_777_216).default(65_536),
  /** Longest head of an HTTP request, in bytes. */
  MAX_HEADER_BYTES: z.coerce.number().int().min(4_096).max(1_048_576).default(16_384),
  /** Messages of one socket and second, ten seconds' worth of them at once. */
  SOCKET_MESSAGES_PER_SECOND: z.coerce.number().min(0.1).max(100_000).default(20),
  /** Rooms entered by one socket and second, ten seconds' worth of them at once. */
  SOCKET_JOINS_PER_SECOND: z.coerce.number().min(0.1).max(100_000).default(10),
  /** Seconds that a client has to say what it wants once it is connected. */
  HANDSHAKE_SECONDS: z.coerce.number().min(0.1).max(600).default(30),
  /** Seconds that a refused client is held before it is let go, so that one without patience cannot storm. */
  REFUSAL_HOLD_SECONDS: z.coerce.number().min(0).max(30).default(1),
  /** Seconds over which the connections of a stopping process are closed. */
  DRAIN_SECONDS: z.coerce.number().min(0).max(600).default(5),
  /** Compression of what sockets get, for clients that offer it: snapshots alone, each once for everybody. */
  PERMESSAGE_DEFLATE: z.enum(['on', 'off']).default('off'),
  /** Members drawn by a d-zone client; those online come first. */
  DZONE_MAX_MEMBERS: z.coerce.number().int().min(1).max(5_000).default(1_000),
  /** Seconds between a member's leave (drawn as offline at once) and its removal from a d-zone world. */
  DZONE_DELETE_SECONDS: z.coerce.number().min(0).max(3_600).default(60),
});
/** With what the doors' settings say to clients: where logins come from, and at which Discord application. */
export type GatewayConfig = z.infer<typeof gatewayConfig> &
  Partial<Pick<DoorsConfig, 'PUBLIC_URL' | 'DISCORD_CLIENT_ID'>>;

export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');
