import { z } from 'zod';

export const gatewayConfig = z.object({
  /** Origins that browsers may read from: `*`, or a comma-separated list. */
  CORS_ORIGINS: z.string().min(1).default('*'),
  /** Seconds between two signs of life on a quiet socket; a peer that misses one is dropped. */
  HEARTBEAT_SECONDS: z.coerce.number().min(0.1).max(30).default(20),
  /** Bytes that may wait for one slow reader before it is cut off. */
  SLOW_CLIENT_BYTES: z.coerce.number().int().min(16_384).default(1_048_576),
  /** Sockets and streams that may be open at once, all transports together. */
  MAX_CONNECTIONS: z.coerce.number().int().min(1).default(10_000),
  /** Members drawn by a d-zone client; those online come first. */
  DZONE_MAX_MEMBERS: z.coerce.number().int().min(1).max(5_000).default(1_000),
  /** Seconds between a member's leave (drawn as offline at once) and its removal from a d-zone world. */
  DZONE_DELETE_SECONDS: z.coerce.number().min(0).max(3_600).default(60),
});
export type GatewayConfig = z.infer<typeof gatewayConfig>;

export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');
