import { describe, expect, it } from 'vitest';
import { type Hook } from '../../../src/queue/hooks/hook.js';
import { HookInbox } from '../../../src/queue/hooks/hook-inbox.js';
import { type NotificationQueue } from '../../../src/queue/notification-queue.js';
import { type NotificationRoutes } from '../../../src/queue/routes/notification-routes.js';

/** A sender that notes by what its request is compared; `right` are the secrets that it knows. */
function spied(kept: string[], right: (secret: string) => boolean) {
  const compared: string[] = [];
  const hook: Hook = {
    name: 'spied',
    signature: {
      header: 'x-signature',
      matches(_delivery, secret) {
        compared.push(secret);
        return right(secret);
      },
    },
    read: () => undefined,
  };
  const routes = { hookSecrets: () => Promise.resolve(kept) } as unknown as NotificationRoutes;
  const inbox = new HookInbox({ QUEUE_MAX_PAYLOAD_BYTES: 1_000 }, {} as NotificationQueue, routes);
  const isSigned = () => inbox.isSigned('ops', hook, { headers: {}, raw: Buffer.from('') });
  return { isSigned, compared };
}

describe('a signature', () => {
  it.each([
    ['of a route without one, or of none', []],
    ['of a route with one', ['newer']],
    ['of a route with two', ['newer', 'former']],
  ])('is compared with two secrets, %s', async (_name, kept) => {
    for (const right of ['newer', 'former', 'neither']) {
      const { isSigned, compared } = spied(kept, (secret) => secret === right);
      expect(await isSigned()).toBe(kept.includes(right));
      expect(compared).toHaveLength(2);
      expect(compared.slice(0, kept.length)).toEqual(kept);
      for (const decoy of compared.slice(kept.length)) expect(decoy).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('is wrong where there is no secret, whatever it is compared with', async () => {
    const { isSigned, compared } = spied([], () => true);
    expect(await isSigned()).toBe(false);
    expect(compared).toHaveLength(2);
  });

  it('is compared with what no other process could guess', async () => {
    const [one, other] = [spied([], () => false), spied([], () => false)];
    await Promise.all([one.isSigned(), other.isSigned()]);
    expect(one.compared[0]).not.toBe(other.compared[0]);
  });

  it('is missing of a sender that signs nothing', async () => {
    const { isSigned } = spied(['newer'], () => true);
    expect(await isSigned()).toBe(true);
    const routes = { hookSecrets: () => Promise.resolve(['newer']) } as unknown as NotificationRoutes;
    const inbox = new HookInbox({ QUEUE_MAX_PAYLOAD_BYTES: 1_000 }, {} as NotificationQueue, routes);
    const silent: Hook = { name: 'silent', read: () => undefined };
    expect(await inbox.isSigned('ops', silent, { headers: {}, raw: Buffer.from('') })).toBe(false);
  });
});
