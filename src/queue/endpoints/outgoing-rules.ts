import { publicAddresses } from '../../outgoing/address-rule.js';
import { type OutgoingRules } from '../../outgoing/outgoing-url.js';
import { type WebhookConfig } from './webhook.config.js';

/** Where endpoints may be. */
export function outgoingRules(config: WebhookConfig): OutgoingRules {
  return {
    httpAdvice: config.WEBHOOK_ALLOW_HTTP === 'on' ? undefined : 'WEBHOOK_ALLOW_HTTP=on allows http://',
    addresses: publicAddresses('WEBHOOK_ALLOW_NETWORKS allows more', config.WEBHOOK_ALLOW_NETWORKS),
  };
}
