import { describe, expect, it, vi } from 'vitest';
import { aNotification, guildId, QueueBench } from './queue-fixture.js';

/** Of the test with eight workers; more of them take their time, and prove the same more often. */
const many = Number(process.env.ORDER_TEST_NOTIFICATIONS ?? 500);

const board = { ...aNotification, collapseKey: 'server' };

describe('what must go out in its order', () => {
  const bench = new QueueBench();
  const saying = (content: string) => ({ ...aNotification, message: { content } });

  describe('a group', () => {
    const inGroup = (content: string, groupKey = 'g') => ({ ...saying(content), groupKey });
    const claimable = async () => (await bench.observer.leases.claim(10, 60)).map(({ message }) => message?.content);

    it('goes out one after the other, apart from other groups and other publishers', async () => {
      await bench.observer.queue.publishAll([
        inGroup('a1'),
        inGroup('a2'),
        inGroup('b1', 'other'),
        { ...inGroup('c1'), publisher: 'somebody else' },
        saying('alone'),
        inGroup('a3'),
      ]);
      const first = await bench.observer.leases.claim(10, 60);
      expect(first.map(({ message }) => message?.content)).toEqual(['a1', 'b1', 'c1', 'alone']);
      for (const lease of first) await bench.observer.leases.settle(lease, { state: 'delivered', outcome: 'sent' });
      expect(await claimable()).toEqual(['a2']);
      expect(await claimable()).toEqual([]);
    });

    it('waits for one that is tried again, and not for one that was given up or deleted', async () => {
      const ids = (await bench.observer.queue.publishAll(['1', '2', '3', '4'].map((text) => inGroup(text)))).map(
        ({ id }) => id,
      );
      expect(await bench.observer.queue.get(ids[1]!)).toMatchObject({ state: 'pending', heldBy: 'group' });
      const [one] = await bench.observer.leases.claim(1, 60);
      await bench.observer.leases.settle(one!, { state: 'pending', outcome: 'failed', delay: 60, reason: 'no' });
      expect(await claimable()).toEqual([]);
      await bench.rows(`update notifications set not_before = now() where id = $1`, [ids[0]]);
      const [again] = await bench.observer.leases.claim(10, 60);
      await bench.observer.leases.settle(again!, { state: 'dead', outcome: 'refused', reason: 'no' });
      const [two] = await bench.observer.leases.claim(10, 60);
      expect(two?.message?.content).toBe('2');
      await bench.rows(`delete from notifications where id = $1`, [ids[1]]);
      expect(await claimable()).toEqual(['3']);
      await bench.observer.inspection.retry(ids[0]!);
      // It is the first again; three is under way.
      expect(await claimable()).toEqual(['1']);
    });

    it('is given in its order to consumers too', async () => {
      const pull = { delivery: 'pull' } as const;
      await bench.observer.queue.publishAll([
        { ...inGroup('1'), ...pull },
        { ...inGroup('2'), ...pull },
      ]);
      const here = new AbortController().signal;
      const claim = async () => (await bench.observer.pull.claim({ limit: 10 }, here)).rows.map(({ id }) => id);
      expect(await claim()).toEqual(['1']);
      expect(await claim()).toEqual([]);
      await bench.observer.pull.mark('1', { sent: true });
      expect(await claim()).toEqual(['2']);
    });

    it('keeps its order with many publishers and eight workers at once, each row going to one of them', async () => {
      const groups = 20;
      const rounds = many / groups;
      const publishers = Array.from({ length: groups }, async (_, group) => {
        for (let round = 0; round < rounds; round += 5) {
          const numbers = [0, 1, 2, 3, 4].map((more) => inGroup(String(round + more), `g${group}`));
          await bench.observer.queue.publishAll(numbers.map((input) => ({ ...input, publisher: `p${group}` })));
        }
      });
      const seen = new Map<string, string[]>();
      const ids = new Set<string>();
      let left = groups * rounds;
      const workers = Array.from({ length: 8 }, async () => {
        while (left > 0) {
          for (const lease of await bench.observer.leases.claim(3, 60)) {
            expect(ids.has(lease.id)).toBe(false);
            ids.add(lease.id);
            seen.set(lease.publisher, [...(seen.get(lease.publisher) ?? []), lease.message!.content!]);
            await bench.observer.leases.settle(lease, { state: 'delivered', outcome: 'sent' });
            left -= 1;
          }
        }
      });
      await Promise.all([...publishers, ...workers]);
      const inOrder = Array.from({ length: rounds }, (_, index) => String(index));
      expect([...seen.values()]).toEqual(Array.from({ length: groups }, () => inOrder));
    }, 600_000);
  });

  it('is taken from many batches at once that name their groups in different orders', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `g${index}`);
    const batch = (groups: string[]) => groups.map((groupKey) => ({ ...aNotification, groupKey }));
    const publishing = Array.from({ length: 30 }, (_, turn) =>
      bench.observer.queue.publishAll(batch(turn % 2 === 0 ? keys : [...keys].reverse())),
    );
    await Promise.all(publishing);
    expect(await bench.rows('select from notifications where not behind')).toHaveLength(keys.length);
    expect(await bench.rows('select from notifications')).toHaveLength(30 * keys.length);
  });

  describe('a collapse key', () => {
    it('leaves only the newest of those that wait, and the room hears of the others', async () => {
      const ids: string[] = [];
      for (const content of ['1', '2', '3']) {
        const input = { ...board, ...saying(content), guildId };
        ids.push((await bench.observer.queue.publish(input)).id);
      }
      const views = await Promise.all(ids.map((id) => bench.observer.queue.get(id)));
      expect(views.map(({ state, supersededBy }) => [state, supersededBy])).toEqual([
        ['superseded', ids[1]],
        ['superseded', ids[2]],
        ['pending', null],
      ]);
      expect(views[0]!.reason).toBe('a newer notification took its place');
      const claimed = await bench.observer.leases.claim(10, 60);
      expect(claimed.map(({ id }) => id)).toEqual([ids[2]]);
      const told = (id: string) =>
        bench.observer.events.flatMap(({ type, data }) => ((data as { id: string }).id === id ? [type] : []));
      const gaveWay = ['notification.accepted', 'notification.superseded'];
      await vi.waitFor(() => expect(ids.map(told)).toEqual([gaveWay, gaveWay, ['notification.accepted']]));
    });

    it('lets what is under way end first, and does not repeat it once a newer one waits', async () => {
      const first = await bench.observer.queue.publish(board);
      const [lease] = await bench.observer.leases.claim(1, 60);
      const second = await bench.observer.queue.publish({ ...board, payload: { error_message: 'more' } });
      expect(await bench.observer.leases.claim(10, 60)).toEqual([]);
      const settled = await bench.observer.leases.settle(lease!, {
        state: 'pending',
        outcome: 'postponed',
        delay: 60,
        reason: 'an outage',
      });
      expect(settled).toMatchObject({ state: 'superseded' });
      expect(await bench.observer.queue.get(first.id)).toMatchObject({ state: 'superseded', supersededBy: second.id });
      expect((await bench.observer.leases.claim(10, 60)).map(({ id }) => id)).toEqual([second.id]);
    });

    it('is not used up by a publication that an idempotency key answers', async () => {
      const once = { ...board, idempotencyKey: 'once' };
      const first = await bench.observer.queue.publish(once);
      const newer = await bench.observer.queue.publish({ ...board, payload: { error_message: 'newer' } });
      expect(await bench.observer.queue.publish(once)).toEqual({ id: first.id, created: false, state: 'superseded' });
      expect(await bench.observer.queue.get(newer.id)).toMatchObject({ state: 'pending' });
    });
  });
});
