import { describe, expect, it } from 'vitest';
import { urlFault } from '../../../../src/outgoing/outgoing-url.js';
import { outgoingRules } from '../../../../src/queue/endpoints/outgoing-rules.js';
import { webhookConfig } from '../../../../src/queue/endpoints/webhook.config.js';

const fault = (settings: Record<string, string>, url: string) =>
  urlFault(url, outgoingRules(webhookConfig.parse(settings)));

describe('the settings of webhooks', () => {
  it('allow nothing but https and public addresses unless they say so', () => {
    expect(webhookConfig.parse({}).WEBHOOK_TIMEOUT_SECONDS).toBe(15);
    expect(fault({}, 'https://example.com/')).toBeUndefined();
    expect(fault({}, 'http://example.com/')).toBe('must begin with https:// (WEBHOOK_ALLOW_HTTP=on allows http://)');
    expect(fault({}, 'https://10.0.0.1/')).toMatch(/\(WEBHOOK_ALLOW_NETWORKS allows more\)$/);
    expect(fault({ WEBHOOK_ALLOW_HTTP: 'off' }, 'http://example.com/')).toBeDefined();
    expect(fault({ WEBHOOK_ALLOW_HTTP: 'on' }, 'http://example.com/')).toBeUndefined();
    expect(fault({ WEBHOOK_ALLOW_NETWORKS: '10.0.0.0/8' }, 'https://10.0.0.1/')).toBeUndefined();
    expect(fault({ WEBHOOK_ALLOW_NETWORKS: '10.0.0.0/8' }, 'https://192.168.0.1/')).toBeDefined();
  });

  it.each([
    ['WEBHOOK_ALLOW_NETWORKS', '10.0.0.0/33', 'must be networks separated by commas, such as 10.1.0.0/16,fd00::/8'],
    ['WEBHOOK_ALLOW_NETWORKS', 'localhost', 'must be networks separated by commas, such as 10.1.0.0/16,fd00::/8'],
    ['WEBHOOK_ALLOW_HTTP', 'yes', 'Invalid option'],
    ['WEBHOOK_TIMEOUT_SECONDS', '0', 'Too small'],
    ['WEBHOOK_TIMEOUT_SECONDS', '61', 'Too big'],
  ])('%s=%s is wrong', (name, value, message) => {
    const { error } = webhookConfig.safeParse({ [name]: value });
    expect(error?.issues[0]?.message).toContain(message);
  });
});
