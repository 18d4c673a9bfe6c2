import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type NotificationTarget, type SendOutcome } from '../../../src/domain/notification.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { BoardDispatch } from '../../../src/queue/boards/board.dispatch.js';
import { type BoardRepository } from '../../../src/queue/boards/board.repository.js';
import { DeliveryChannel } from '../../../src/queue/delivery/delivery-channel.js';
import { DeliveryRegistry } from '../../../src/queue/delivery/delivery-registry.js';
import { NotificationAnnouncer } from '../../../src/queue/notification-announcer.js';
import { NotificationDelivery } from '../../../src/queue/notification-delivery.js';
import {
  type ClaimedNotification,
  type LeaseRepository,
  type Settlement,
} from '../../../src/queue/lease.repository.js';
import { type TallyRepository } from '../../../src/queue/operations/tally.repository.js';
import { QueueMetrics } from '../../../src/queue/queue.metrics.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { SettlementNews } from '../../../src/queue/settlement-news.js';
import { type NotificationRenderer } from '../../../src/queue/types/notification-renderer.js';
import { queueConfig } from '../../../src/queue/queue.config.js';

const claimed: ClaimedNotification = {
  id: '1',
  leaseToken: 't',
  guildId: null,
  target: { userId: '10000' },
  type: 'x',
  payload: {},
  attempts: 0,
  nonce: 'n',
  secret: null,
  begun: false,
  abandoned: false,
  message: null,
  mentions: null,
  locale: null,
  priority: 'normal',
  publisher: 'p',
  collapseKey: null,
  destination: 'user:10000',
  createdAt: new Date(0),
  expired: false,
  doubt: null,
  confirmed: null,
  circuit: null,
  toDiscord: true,
};

class OneAnswer extends DeliveryChannel {
  readonly name = 'test';
  repeatable = true;
  answer: Promise<SendOutcome> = Promise.resolve({ kind: 'sent', messageId: '1' });

  accepts(target: NotificationTarget): boolean {
    return 'userId' in target && target.userId === '10000';
  }

  place(): undefined {}

  deliver(): Promise<SendOutcome> {
    return this.answer;
  }
}

describe('a delivery', () => {
  const channel = new OneAnswer();
  let settlements: Settlement[];
  let begins: () => Promise<boolean>;
  let delivery: NotificationDelivery;
  beforeEach(() => {
    vi.useFakeTimers();
    settlements = [];
    channel.repeatable = true;
    begins = () => Promise.reject(new Error('nobody asks'));
    const repository = {
      begin: () => begins(),
      settle: (_lease: unknown, settlement: Settlement) => {
        settlements.push(settlement);
        return Promise.resolve({ attempts: 1, state: settlement.state });
      },
    } as unknown as LeaseRepository;
    const config = queueConfig.parse({ QUEUE_LEASE_SECONDS: '2', QUEUE_RETRY_SCHEDULE: '5' });
    const log = new MemoryEventLog({ historySize: 10, historyAge: 60_000 });
    const dispatch = new BoardDispatch(new DeliveryRegistry([channel]), {} as BoardRepository);
    const metrics = new QueueMetrics({} as TallyRepository, new Metrics());
    const renderer = { render: () => ({ content: 'x' }) } as unknown as NotificationRenderer;
    const news = new SettlementNews(metrics, new NotificationAnnouncer(log));
    delivery = new NotificationDelivery(config, repository, dispatch, renderer, news);
  });
  afterEach(() => vi.useRealTimers());

  async function run(answer: SendOutcome, notification = claimed, pauseMs = 0): Promise<Settlement> {
    channel.answer = Promise.resolve(answer);
    await delivery.run(notification, new AbortController().signal, () => ({ pauseMs }));
    expect(settlements).toHaveLength(1);
    return settlements[0]!;
  }

  const later = (retryAfterMs?: number): SendOutcome => ({
    kind: 'retry',
    reason: 'later',
    burnsAttempt: false,
    retryAfterMs,
  });

  it('gives up a channel that never answers, and counts the try', async () => {
    channel.answer = new Promise(() => undefined);
    const running = delivery.run(claimed, new AbortController().signal, () => ({ pauseMs: 0 }));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(settlements).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await running;
    expect(settlements).toMatchObject([{ state: 'pending', outcome: 'failed', reason: 'no answer within 20 s' }]);
  });

  it('cannot know what became of what must not be repeated when its channel never answers', async () => {
    channel.repeatable = false;
    begins = () => Promise.resolve(true);
    channel.answer = new Promise(() => undefined);
    const running = delivery.run(claimed, new AbortController().signal, () => ({ pauseMs: 0 }));
    await vi.advanceTimersByTimeAsync(20_000);
    await running;
    const reason = 'no answer within 20 s; whether the message arrived cannot be known';
    expect(settlements).toEqual([{ state: 'unknown', outcome: 'unknown', reason }]);
  });

  it.each([
    ['cannot be noted', () => Promise.reject(new Error('the database is away'))],
    ['is another’s to do', () => Promise.resolve(false)],
  ])('sends nothing that must not be repeated when the sending %s', async (_why, answer) => {
    channel.repeatable = false;
    begins = answer;
    const deliver = vi.spyOn(channel, 'deliver');
    expect(await run({ kind: 'sent', messageId: '1' })).toMatchObject({ state: 'pending', outcome: 'postponed' });
    expect(deliver).not.toHaveBeenCalled();
    deliver.mockRestore();
  });

  it('sends nothing that may be there already, however often it was tried', async () => {
    expect(await run({ kind: 'sent', messageId: '1' }, { ...claimed, begun: true, attempts: 9 })).toMatchObject({
      state: 'unknown',
      reason: 'the process that sent it fell silent; whether the message arrived cannot be known',
    });
  });

  it.each([
    ['absent', 0],
    ['unclear', 0],
    ['found', 1],
  ] as const)(
    'looks for what may have arrived when its time is over, and sends nothing: %s',
    async (kind, delivered) => {
      const deliver = vi.spyOn(channel, 'deliver');
      const looking = Object.assign(channel, { lookUp: () => Promise.resolve({ kind, messageId: '7' }) });
      const doubt = { since: new Date(0).toISOString(), seconds: 1 };
      try {
        const settlement = await run({ kind: 'sent', messageId: '1' }, { ...claimed, expired: true, doubt });
        expect(settlement).toMatchObject(
          delivered ? { state: 'delivered', messageId: '7' } : { state: 'dead', outcome: 'expired' },
        );
        expect(deliver).not.toHaveBeenCalled();
      } finally {
        deliver.mockRestore();
        Reflect.deleteProperty(looking, 'lookUp');
      }
    },
  );

  it('is put off when nobody can look whether it has arrived', async () => {
    const looking = Object.assign(channel, {
      lookUp: () => Promise.resolve({ kind: 'later', reason: 'away' } as const),
    });
    try {
      const doubt = { since: new Date(0).toISOString(), seconds: 61 };
      expect(await run({ kind: 'sent', messageId: '1' }, { ...claimed, doubt })).toMatchObject({
        state: 'pending',
        outcome: 'postponed',
        reason: 'away',
      });
    } finally {
      Reflect.deleteProperty(looking, 'lookUp');
    }
  });

  it('leaves no timer behind', async () => {
    await run({ kind: 'sent', messageId: '1' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses a target that no channel takes', async () => {
    const settlement = await run({ kind: 'sent', messageId: '1' }, { ...claimed, target: { userId: '20000' } });
    expect(settlement).toEqual({
      state: 'dead',
      outcome: 'refused',
      reason: 'no delivery channel goes to this target',
      fallsBack: true,
    });
  });

  it.each([
    ['as long as it asks', later(7_500), 0, 7.5],
    ['as long as the outage pause', later(), 4_000, 4],
    ['a second at least', later(1), 0, 1],
    ['an hour at most', later(86_400_000), 0, 3_600],
  ])('postpones %s', async (_name, outcome, pauseMs, delay) => {
    expect(await run(outcome, claimed, pauseMs)).toEqual({
      state: 'pending',
      outcome: 'postponed',
      reason: 'later',
      delay,
    });
  });

  it('waits after a failure as long as the schedule says, or longer when asked to', async () => {
    const failed: SendOutcome = { kind: 'retry', reason: 'no', burnsAttempt: true };
    const { delay } = await run(failed);
    expect(delay).toBeGreaterThanOrEqual(5);
    expect(delay).toBeLessThan(5.5);
    settlements = [];
    expect((await run({ ...failed, retryAfterMs: 60_000 })).delay).toBe(60);
    settlements = [];
    expect(await run(failed, { ...claimed, attempts: 1 })).toMatchObject({
      state: 'dead',
      outcome: 'failed',
      reason: 'no',
    });
  });
});
