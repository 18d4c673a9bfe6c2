import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Closing, closingFor } from '../../../src/domain/closing.js';
import { ClientAdmission } from '../../../src/gateway/client-admission.js';
import { type Connections } from '../../../src/gateway/connections.js';
import { gatewayConfig } from '../../../src/gateway/gateway.config.js';
import { ClientAddress } from '../../../src/rate-limit/client-address.js';
import { type RateLimiter } from '../../../src/rate-limit/rate-limiter.js';

const holdMs = 2_000;
let refusal: Closing | undefined;
let draining: boolean;
let admission: ClientAdmission;

beforeEach(() => {
  vi.useFakeTimers();
  refusal = undefined;
  draining = false;
  const connections = {
    refusal: () => refusal,
    get draining() {
      return draining;
    },
  } as unknown as Connections;
  const config = gatewayConfig.parse({ REFUSAL_HOLD_SECONDS: holdMs / 1000 });
  admission = new ClientAdmission(config, {} as RateLimiter, new ClientAddress(() => false), connections);
});
afterEach(() => vi.useRealTimers());

/** Whether a promise has ended by now. */
async function ended(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.catch(() => undefined).then(() => (done = true));
  await vi.advanceTimersByTimeAsync(0);
  return done;
}

describe('holding refused clients back', () => {
  it('lasts as long as it is set to', async () => {
    const held = admission.hold();
    await vi.advanceTimersByTimeAsync(holdMs - 1);
    expect(await ended(held)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended(held)).toBe(true);
  });

  it('is for a thousand at the same time; any more are let go at once, and there is room again later', async () => {
    const held = Array.from({ length: 999 }, () => admission.hold());
    expect(admission.canHold).toBe(true);
    held.push(admission.hold());
    expect(admission.canHold).toBe(false);
    expect(await ended(admission.hold())).toBe(true);
    expect(await ended(held[0]!)).toBe(false);
    await vi.advanceTimersByTimeAsync(holdMs);
    await Promise.all(held);
    expect(admission.canHold).toBe(true);
    expect(await ended(admission.hold())).toBe(false);
  });

  it('ends for everybody with the process, and leaves no timer behind', async () => {
    const held = Array.from({ length: 50 }, () => admission.hold());
    draining = true;
    admission.beforeApplicationShutdown();
    await Promise.all(held);
    expect(vi.getTimerCount()).toBe(0);
    expect(admission.canHold).toBe(false);
    expect(await ended(admission.hold())).toBe(true);
  });
});

describe('requests that stay open', () => {
  it('are let in without waiting while there is room', async () => {
    await expect(admission.admitRequest('203.0.113.1')).resolves.toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['service-full', 'service.unavailable'],
    ['address-full', 'rate.limited'],
    ['shutdown', 'service.unavailable'],
  ] as const)('hear of %s as %s once their hold is over', async (reason, code) => {
    refusal = closingFor(reason, 5);
    const outcome = admission.admitRequest('203.0.113.1').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(holdMs - 1);
    expect(await ended(outcome)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject({ code, details: { retryAfter: 5 } });
  });
});
