import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { aNotification, failure, guildId, nobodysFault, QueueBench, refusal, untilState } from './queue-fixture.js';

const noPoll = { QUEUE_POLL_SECONDS: '3600' };

describe('what publishers may ask for', () => {
  const bench = new QueueBench();
  const { sender } = bench;
  const texts = () => sender.sendings.map(({ message }) => message.content);
  const saying = (content: string) => ({ ...aNotification, message: { content } });

  it('sends a ready message as it is', async () => {
    const message = { content: 'hello', embeds: [{ title: 'Ready', color: 0xff }] };
    const running = await bench.start(noPoll);
    const { target, publisher } = aNotification;
    await untilState(running, (await running.queue.publish({ target, publisher, message })).id, 'delivered');
    expect(sender.sendings.map((sending) => sending.message)).toEqual([message]);
  });

  it('lets those of a higher priority go first, and those of one in their order', async () => {
    const asked = ['low', 'normal', 'critical', 'high', 'normal', 'critical'] as const;
    const inputs = asked.map((priority, index) => ({ ...saying(`${priority} ${index}`), priority }));
    const ids = (await bench.observer.queue.publishAll(inputs)).map(({ id }) => id);
    const claimed = await bench.observer.leases.claim(4, 60);
    expect(claimed.map(({ id }) => ids.indexOf(id))).toEqual([2, 5, 3, 1]);
    expect(claimed.map(({ priority }) => priority)).toEqual(['critical', 'critical', 'high', 'normal']);
    expect((await bench.observer.leases.claim(4, 60)).map(({ id }) => ids.indexOf(id))).toEqual([4, 0]);
  });

  it('waits until the time that was named, and says when that is', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await bench.observer.queue.publish({ ...aNotification, notBefore: later });
    expect(await bench.observer.queue.get(id)).toMatchObject({ state: 'pending', nextAttemptAt: later });
    expect(await bench.observer.leases.claim(1, 60)).toEqual([]);
    expect(await bench.observer.leases.secondsUntilDue()).toBeGreaterThan(3_500);
    await bench.rows(`update notifications set not_before = now()`);
    expect(await bench.observer.leases.claim(1, 60)).toHaveLength(1);
  });

  it('does not send what nobody wants any more', async () => {
    const fallback = { channelId: '200000000000000001' };
    const expiresAt = new Date(Date.now() - 1_000).toISOString();
    const { id } = await bench.observer.queue.publish({ ...aNotification, expiresAt, fallback, guildId });
    const running = await bench.start(noPoll);
    const view = await untilState(running, id, 'dead');
    expect(view).toMatchObject({ reason: 'its time was over before it could be delivered', expiresAt });
    expect(view.attempts).toMatchObject([{ attempt: 1, outcome: 'expired' }]);
    expect(sender.sendings).toEqual([]);
    await vi.waitFor(() => expect(running.events.map(({ type }) => type)).toContain('notification.dead'));
  });

  it('gives no consumer what nobody wants any more, and ends it though nobody else asks', async () => {
    const expiresAt = new Date(Date.now() - 1_000).toISOString();
    const pulled = { ...aNotification, delivery: 'pull' as const };
    const { id } = await bench.observer.queue.publish({ ...pulled, expiresAt });
    const wanted = await bench.observer.queue.publish({
      ...pulled,
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    });
    const here = new AbortController().signal;
    const { rows } = await bench.observer.pull.claim({ limit: 1 }, here);
    expect(rows.map((row) => row.id)).toEqual([wanted.id]);
    expect((await bench.observer.pull.claim({ limit: 1 }, here)).rows).toEqual([]);
    const view = await bench.observer.queue.get(id);
    expect(view).toMatchObject({ state: 'dead', attempts: [{ attempt: 1, outcome: 'expired' }] });
  });

  describe('another target', () => {
    const fallback = { channelId: '200000000000000001' };

    it('gets what the target refuses, and the history tells why', async () => {
      sender.answer = ({ userId }) => (userId === undefined ? { kind: 'sent', messageId: '7' } : refusal);
      const running = await bench.start(noPoll);
      const { id } = await running.queue.publish({ ...aNotification, fallback, guildId });
      const view = await untilState(running, id, 'delivered');
      expect(view).toMatchObject({ target: fallback, fallback: null });
      expect(view.attempts).toMatchObject([
        { attempt: 1, outcome: 'refused', reason: 'Discord knows no such user.' },
        { attempt: 1, outcome: 'sent' },
      ]);
      expect(sender.sendings.map(({ userId, channelId }) => userId ?? channelId)).toEqual([
        aNotification.target.userId,
        fallback.channelId,
      ]);
      await vi.waitFor(() =>
        expect(running.events.map(({ type }) => type)).toEqual([
          'notification.accepted',
          'notification.retrying',
          'notification.delivered',
        ]),
      );
    });

    it('is the last one: what it refuses is dead', async () => {
      sender.answer = () => refusal;
      const running = await bench.start(noPoll);
      const { id } = await running.queue.publish({ ...aNotification, fallback });
      expect((await untilState(running, id, 'dead')).attempts).toHaveLength(2);
    });

    it('is turned to after the last try, and gets all tries of its own', async () => {
      sender.answer = ({ userId }) => (userId === undefined ? { kind: 'sent', messageId: '7' } : failure);
      const running = await bench.start({ ...noPoll, QUEUE_RETRY_SCHEDULE: '1' });
      const { id } = await running.queue.publish({ ...aNotification, fallback });
      const view = await untilState(running, id, 'delivered');
      expect(view.attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
        [1, 'failed'],
        [2, 'failed'],
        [1, 'sent'],
      ]);
    });

    it('keeps the token of its webhook until then', async () => {
      sender.answer = ({ webhook }) => (webhook ? { kind: 'sent', messageId: '7' } : refusal);
      const running = await bench.start(noPoll);
      const hook = { webhookUrl: 'hook:300000000000000001/a-token' };
      const { id } = await running.queue.publish({ ...aNotification, fallback: hook });
      const view = await untilState(running, id, 'delivered');
      expect(view.target).toEqual({ webhookId: '300000000000000001' });
      expect(sender.sendings[1]!.webhook).toEqual({ id: '300000000000000001', token: 'a-token' });
      const rows = await bench.rows('select target_secret, fallback_secret from notifications');
      expect(rows).toEqual([{ target_secret: null, fallback_secret: null }]);
    });

    it('is refused at once when nothing goes there', async () => {
      const publishing = bench.observer.queue.publish({ ...aNotification, fallback: { webhookUrl: 'https://else' } });
      await expect(publishing).rejects.toMatchObject({ code: 'request.invalid' });
    });
  });

  describe('a batch', () => {
    it('is stored in its order', async () => {
      const inputs = Array.from({ length: 100 }, (_, index) => saying(String(index)));
      const ids = (await bench.observer.queue.publishAll(inputs)).map(({ id }) => Number(id));
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      const rows = await bench.rows<{ text: string }>(
        `select message->>'content' as text from notifications order by id`,
      );
      expect(rows.map(({ text }) => Number(text))).toEqual(inputs.map((_, index) => index));
    });

    it('is stored as a whole or not at all', async () => {
      await bench.observer.queue.publish({ ...saying('used'), idempotencyKey: 'used' });
      const batch = [saying('new'), { ...saying('another text'), idempotencyKey: 'used' }];
      await expect(bench.observer.queue.publishAll(batch)).rejects.toMatchObject({ code: 'idempotency.mismatch' });
      const tooLarge = [saying('new'), { ...aNotification, payload: { text: 'x'.repeat(70_000) } }];
      await expect(bench.observer.queue.publishAll(tooLarge)).rejects.toMatchObject({
        code: 'request.too_large',
        message: expect.stringContaining('notification 1:') as string,
      });
      expect(await bench.rows('select id from notifications')).toHaveLength(1);
    });

    it('answers the first ones to the same keys, also for a key twice in it and to ten at once', async () => {
      const batch = ['a', 'b', 'a'].map((text) => ({ ...saying(text), idempotencyKey: text }));
      const answers = await Promise.all(Array.from({ length: 10 }, () => bench.observer.queue.publishAll(batch)));
      const [first] = answers;
      const ids = first!.map(({ id }) => id);
      expect(ids[2]).toBe(ids[0]);
      for (const answer of answers) expect(answer.map(({ id }) => id)).toEqual(ids);
      expect(answers.flat().filter(({ created }) => created)).toHaveLength(2);
      expect(await bench.rows('select id from notifications')).toHaveLength(2);
    });
  });

  describe('within a transaction of the caller', () => {
    const named = { ...aNotification, guildId };

    it('is published with what the caller writes', async () => {
      const running = await bench.start(noPoll);
      const id = await running.queue.publishWith([named], async (manager, [published]) => {
        await manager.query(`update notifications set reason = 'written with it' where id = $1`, [published!.id]);
        expect(sender.sendings).toEqual([]);
        expect(running.events).toEqual([]);
        return published!.id;
      });
      await untilState(running, id, 'delivered');
      await vi.waitFor(() =>
        expect(running.events.map(({ type }) => type)).toEqual(['notification.accepted', 'notification.delivered']),
      );
    });

    it('is not published when the caller fails', async () => {
      const failing = bench.observer.queue.publishWith([named], () => Promise.reject(new Error('changed my mind')));
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await bench.rows('select id from notifications')).toEqual([]);
      expect(bench.observer.events).toEqual([]);
    });
  });

  describe('one destination', () => {
    it('gets one at a time in their order, and does not hold up the others', async () => {
      const arriving: ((outcome: SendOutcome) => void)[] = [];
      sender.answer = ({ userId }, count) =>
        userId === aNotification.target.userId
          ? new Promise((resolve) => arriving.push(resolve))
          : { kind: 'sent', messageId: String(count) };
      const many = Array.from({ length: 40 }, (_, index) => saying(String(index)));
      await bench.observer.queue.publishAll(many);
      const running = await bench.start({ ...noPoll, QUEUE_CONCURRENCY: '2' });
      await vi.waitFor(() => expect(arriving).toHaveLength(1));
      const other = await running.queue.publish({ ...saying('other'), target: { userId: '100000000000000002' } });
      await untilState(running, other.id, 'delivered');
      expect(arriving).toHaveLength(1);
      for (let index = 0; index < many.length; index += 1) {
        await vi.waitFor(() => expect(arriving).toHaveLength(index + 1), { timeout: 5_000 });
        arriving[index]!({ kind: 'sent', messageId: '1' });
      }
      expect(texts().filter((text) => text !== 'other')).toEqual(many.map(({ message }) => message.content));
    }, 30_000);

    it('gives back what waits for it when Discord is away and when the process stops', async () => {
      const arriving: ((outcome: SendOutcome) => void)[] = [];
      sender.answer = () => new Promise((resolve) => arriving.push(resolve));
      await bench.observer.queue.publishAll([saying('1'), saying('2'), saying('3')]);
      const running = await bench.start(noPoll);
      const states = () =>
        bench
          .rows<{ state: string }>('select state from notifications order by id')
          .then((rows) => rows.map(({ state }) => state));
      await vi.waitFor(async () => expect(await states()).toEqual(['leased', 'leased', 'leased']));
      arriving[0]!(nobodysFault);
      await vi.waitFor(async () => expect(await states()).toEqual(['pending', 'pending', 'pending']));
      await vi.waitFor(async () => expect((await states()).filter((state) => state === 'leased')).toHaveLength(1), {
        timeout: 10_000,
      });
      const stopping = bench.stop(running);
      arriving.at(-1)!({ kind: 'sent', messageId: '1' });
      await stopping;
      expect((await states()).sort()).toEqual(['delivered', 'pending', 'pending']);
    }, 30_000);
  });
});
