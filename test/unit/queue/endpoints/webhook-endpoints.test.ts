import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type WebhookEndpointRepository } from '../../../../src/queue/endpoints/webhook-endpoint.repository.js';
import { WebhookEndpoints } from '../../../../src/queue/endpoints/webhook-endpoints.js';
import { webhookConfig } from '../../../../src/queue/endpoints/webhook.config.js';

describe('an endpoint that wants nothing more', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    [true, [['Endpoint we_x is switched off: gone']]],
    // Another address was given meanwhile, or an operator was faster.
    [false, []],
  ])('is said to be switched off when it is (%s)', async (switchedOff, said) => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const repository = { switchOff: () => Promise.resolve(switchedOff) } as unknown as WebhookEndpointRepository;
    await new WebhookEndpoints(webhookConfig.parse({}), repository).switchOff('we_x', 'https://example.com/', 'gone');
    expect(warned.mock.calls).toEqual(said);
  });
});
