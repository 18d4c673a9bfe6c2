import { type BlockList } from 'node:net';
import { z } from 'zod';
import { readNetworks } from '../../outgoing/address-rule.js';

function networks(text: string, context: z.RefinementCtx): BlockList {
  const list = readNetworks(text);
  if (list !== undefined) return list;
  const message = 'must be networks separated by commas, such as 10.1.0.0/16,fd00::/8';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

export const webhookConfig = z.object({
  /** For a whole try to call an endpoint. */
  WEBHOOK_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(60).default(15),
  /** Whether endpoints may have addresses that begin with `http:`. */
  WEBHOOK_ALLOW_HTTP: z.enum(['on', 'off']).default('off'),
  /** Networks that endpoints may be in though they are none of the public internet. */
  WEBHOOK_ALLOW_NETWORKS: z.string().default('').transform(networks),
});
export type WebhookConfig = z.infer<typeof webhookConfig>;

export const WEBHOOK_CONFIG = Symbol('WEBHOOK_CONFIG');
