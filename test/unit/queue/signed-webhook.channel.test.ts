import { beforeEach, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { Fault } from '../../../src/domain/fault.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { DeliveryRegistry } from '../../../src/queue/delivery/delivery-registry.js';
import { SignedWebhookChannel } from '../../../src/queue/delivery/signed-webhook.channel.js';
import { type CallResult, type WebhookCaller } from '../../../src/queue/endpoints/webhook-caller.js';
import { type CallableEndpoint } from '../../../src/queue/endpoints/webhook-endpoint.repository.js';
import { type WebhookEndpoints } from '../../../src/queue/endpoints/webhook-endpoints.js';
import { newWebhookSecret } from '../../../src/queue/endpoints/webhook-secret.js';
import {
  type ClaimedNotification,
  type LeaseRepository,
  type Settlement,
} from '../../../src/queue/lease.repository.js';
import { NotificationAnnouncer } from '../../../src/queue/notification-announcer.js';
import { NotificationDelivery } from '../../../src/queue/notification-delivery.js';
import { queueConfig } from '../../../src/queue/queue.config.js';
import { type QueueMetrics } from '../../../src/queue/queue.metrics.js';
import { BoardDispatch } from '../../../src/queue/boards/board.dispatch.js';
import { type BoardRepository } from '../../../src/queue/boards/board.repository.js';
import { SettlementNews } from '../../../src/queue/settlement-news.js';
import { type NotificationRenderer } from '../../../src/queue/types/notification-renderer.js';

const day = 86_400_000;
const publishedAt = new Date('2026-01-01T12:00:00.250Z');
const endpoint = `we_${'e'.repeat(22)}`;
const notification: ClaimedNotification = {
  ...{ id: '7', leaseToken: 't', guildId: null, target: { endpoint }, secret: null, type: 'x', payload: { a: 1 } },
  ...{
    message: null,
    mentions: null,
    locale: null,
    priority: 'normal',
    publisher: 'p',
    collapseKey: null,
    expired: false,
  },
  ...{
    destination: `endpoint:${endpoint}`,
    createdAt: publishedAt,
    attempts: 0,
    nonce: 'nonce',
    begun: false,
    abandoned: false,
    doubt: null,
    confirmed: null,
    circuit: null,
    toDiscord: false,
  },
};
const message = { content: 'hello' };

/** A place for calls instead of a network, and a row instead of a table. */
let row: CallableEndpoint | undefined | Error;
let answer: CallResult;
let calls: { url: string; headers: Record<string, string>; body: string }[];
let switchedOff: string[][];
const channel = new SignedWebhookChannel(
  {
    callable: () => (row instanceof Error ? Promise.reject(row) : Promise.resolve(row)),
    switchOff: (...how: string[]) => Promise.resolve(void switchedOff.push(how)),
  } as unknown as WebhookEndpoints,
  {
    post: (url: string, headers: Record<string, string>, body: string) => {
      calls.push({ url, headers, body });
      return Promise.resolve(answer);
    },
  } as unknown as WebhookCaller,
);

function callable(age: number, more: Partial<CallableEndpoint> = {}): CallableEndpoint {
  const now = new Date(publishedAt.getTime() + age);
  return {
    url: 'https://a.example/',
    enabled: true,
    disabledReason: null,
    secrets: [newWebhookSecret()],
    now,
    ...more,
  };
}

beforeEach(() => {
  row = callable(1_000);
  answer = { status: 200 };
  calls = [];
  switchedOff = [];
});

describe('a try to call an endpoint', () => {
  it("is signed for the moment of the try by the database's clock", async () => {
    const secrets = [newWebhookSecret(), newWebhookSecret()];
    const now = new Date();
    row = { ...callable(0), secrets, now };
    expect(await channel.deliver(notification, message)).toEqual({ kind: 'sent', messageId: 'msg_nonce' });
    const [call] = calls;
    expect(call?.url).toBe('https://a.example/');
    expect(call?.headers).toMatchObject({
      'webhook-id': 'msg_nonce',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    });
    for (const secret of secrets)
      expect(new Webhook(secret).verify(call!.body, call!.headers)).toEqual({
        type: 'x',
        timestamp: '2026-01-01T12:00:00.250Z',
        data: { id: '7', guildId: null, payload: { a: 1 }, message },
      });
  });

  it('does not count while a receiver asks for pauses, for three days', async () => {
    answer = { status: 503, retryAfterMs: 5_000 };
    row = callable(3 * day - 1_000);
    expect(await channel.deliver(notification, message)).toMatchObject({ burnsAttempt: false, retryAfterMs: 5_000 });
    row = callable(3 * day);
    expect(await channel.deliver(notification, message)).toMatchObject({ burnsAttempt: true, retryAfterMs: 5_000 });
  });

  it('switches the endpoint off when it is gone, by the address that was called', async () => {
    answer = { status: 410 };
    const reason = 'The endpoint answered 410 Gone.';
    expect(await channel.deliver(notification, message)).toEqual({ kind: 'permanent', reason });
    expect(switchedOff).toEqual([[endpoint, 'https://a.example/', 'it answered 410 Gone']]);
  });

  it.each([
    ['was removed', undefined, 'The endpoint does not exist any more.'],
    ['is off', callable(0, { enabled: false }), 'The endpoint is switched off.'],
    ['was switched off', callable(0, { enabled: false, disabledReason: 'why' }), 'The endpoint is switched off: why.'],
  ])('is not made where the endpoint %s', async (_what, found, reason) => {
    row = found;
    expect(await channel.deliver(notification, message)).toEqual({ kind: 'permanent', reason });
    expect(calls).toEqual([]);
  });

  it('waits for the database, and does not count meanwhile', async () => {
    row = new Fault('service.unavailable', 'away');
    expect(await channel.deliver(notification, message)).toMatchObject({ burnsAttempt: false, retryAfterMs: 1_000 });
    // A mistake of ours must end some day.
    row = new Error('a statement is wrong');
    await expect(channel.deliver(notification, message)).rejects.toThrow('a statement is wrong');
    expect(calls).toEqual([]);
  });
});

describe('the outcomes of an endpoint', () => {
  it('settle its notification', async () => {
    const settled: Settlement[] = [];
    const delivery = new NotificationDelivery(
      queueConfig.parse({}),
      {
        settle: (_lease: unknown, settlement: Settlement) => {
          settled.push(settlement);
          return Promise.resolve({ state: settlement.state, attempts: 1 });
        },
      } as unknown as LeaseRepository,
      new BoardDispatch(new DeliveryRegistry([channel]), {} as BoardRepository),
      { render: () => message } as unknown as NotificationRenderer,
      new SettlementNews(
        { attempted: () => undefined } as unknown as QueueMetrics,
        new NotificationAnnouncer(new MemoryEventLog({ historySize: 1, historyAge: 1_000 })),
      ),
    );
    const run = () => delivery.run(notification, new AbortController().signal, () => ({ pauseMs: 0 }));
    await run();
    answer = { status: 429, retryAfterMs: 2_000 };
    await run();
    answer = { failure: 'x' };
    await run();
    expect(settled).toMatchObject([
      { state: 'delivered', messageId: 'msg_nonce' },
      { state: 'pending', outcome: 'postponed', delay: 2 },
      { state: 'pending', outcome: 'failed' },
    ]);
  });
});
