import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { alertTerms, settleTerms } from '../../../src/domain/alert-rule.js';
import { AlertRuleStore, mostRulesOfGuild } from '../../../src/guilds/alert-rule.store.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { guildsBench } from './guilds-bench.js';

const one = '100000000000000001';
const two = '100000000000000002';
const outlast = { timeout: 15_000 };
const terms = (over: object = {}) => settleTerms(alertTerms.parse({ figure: 'online', above: 50, ...over }));

describe('AlertRuleStore', () => {
  const bench = guildsBench();
  const open = (url?: string) => bench.open(AlertRuleStore, url);

  it('keeps what is written, by guild and name, over a restart', async () => {
    const store = await open();
    expect([...(await store.all())]).toEqual([]);
    const data = { text: 'NUL \u0000, half \ud800, "quotes"', level: 2, deep: [{ a: null }] };
    await store.save(one, 'busy', terms({ data, forSeconds: 7, tellCleared: true }));
    await store.save(one, 'brief', terms({ above: undefined, below: 0.5, enabled: false }));
    await store.save(two, 'busy', terms({ figure: 'silence' }));
    for (const either of [store, await open()]) {
      expect((await either.all()).get(one)).toMatchObject([
        { name: 'brief', side: 'below', threshold: 0.5, rearm: 0.55, enabled: false, raised: false },
        {
          name: 'busy',
          figure: 'online',
          side: 'above',
          threshold: 50,
          rearm: 45,
          forSeconds: 7,
          tellCleared: true,
          data,
        },
      ]);
      expect(either.of(two)).toMatchObject([{ name: 'busy', figure: 'silence', raisedAt: null }]);
    }
  });

  it('writes over a rule, and forgets it', async () => {
    const store = await open();
    await store.save(one, 'busy', terms());
    await store.save(one, 'busy', terms({ above: 60 }));
    expect(store.of(one)).toMatchObject([{ threshold: 60, rearm: 54 }]);
    expect(await store.remove(two, 'busy')).toBe(false);
    expect(await store.remove(one, 'busy')).toBe(true);
    expect(await store.remove(one, 'busy')).toBe(false);
    expect(store.of(one)).toEqual([]);
  });

  it('lets one of several raise an alert, and it stays raised over a restart', async () => {
    const stores = await Promise.all([open(), open(), open()]);
    const { revision } = await stores[0].save(one, 'busy', terms());
    await stores[0].save(one, 'other', terms());
    for (const raised of [true, false, true]) {
      const tries = stores.flatMap((store) => [store.turn(raised, [revision]), store.turn(raised, [revision])]);
      const turned = (await Promise.all(tries)).filter((answer) => answer.size > 0);
      expect(turned).toHaveLength(1);
      expect(turned[0]!.get(revision)).toBeInstanceOf(Date);
    }
    const [busy, other] = (await (await open()).all()).get(one) ?? [];
    expect([busy, other]).toMatchObject([
      { name: 'busy', raised: true },
      { name: 'other', raised: false },
    ]);
    expect(Math.abs(Date.now() - busy!.raisedAt!.getTime())).toBeLessThan(60_000);
  });

  it('knows at once what it raised itself', async () => {
    const store = await open();
    const { revision } = await store.save(one, 'busy', terms());
    await store.turn(true, [revision]);
    expect(store.of(one)).toMatchObject([{ raised: true, raisedAt: expect.any(Date) as Date }]);
    await store.turn(false, [revision]);
    expect(store.of(one)).toMatchObject([{ raised: false, raisedAt: null }]);
  });

  it('looks again when another process was faster', async () => {
    const [here, there] = [await open(), await open()];
    const { revision } = await here.save(one, 'busy', terms());
    await there.turn(true, [revision]);
    expect(here.of(one)).toMatchObject([{ raised: false }]);
    expect((await here.turn(true, [revision])).size).toBe(0);
    expect((await here.all()).get(one)).toMatchObject([{ raised: true }]);
  });

  it('raises nothing for a rule that was switched off or written anew meanwhile', async () => {
    const store = await open();
    const { revision } = await store.save(one, 'busy', terms());
    const { revision: off } = await store.save(one, 'off', terms({ enabled: false }));
    await store.save(one, 'busy', terms());
    expect((await store.turn(true, [revision, off])).size).toBe(0);
  });

  it.each([
    ['stays raised when it asks the same', { data: { new: true }, forSeconds: 9, tellCleared: true }, true],
    ['stays raised when it is switched off', { enabled: false }, true],
    ['begins anew with another threshold', { above: 51, rearm: 45 }, false],
    ['begins anew with another way back', { rearm: 44 }, false],
    ['begins anew with another figure', { figure: 'members' }, false],
    ['begins anew on the other side', { above: undefined, below: 50, rearm: 50 }, false],
  ])('a rule that is written anew %s', async (_what, over, raised) => {
    const store = await open();
    const former = await store.save(one, 'busy', terms());
    const { at } = { at: (await store.turn(true, [former.revision])).get(former.revision)! };
    const saved = await store.save(one, 'busy', terms(over));
    expect(saved).toMatchObject({ raised, raisedAt: raised ? at : null });
    expect(saved.revision).not.toBe(former.revision);
  });

  it('takes twenty rules for a guild and a thousand in all, also of many that write at once', async () => {
    const store = await open();
    const names = Array.from({ length: mostRulesOfGuild + 5 }, (_, index) => `rule ${index}`);
    const outcomes = await Promise.allSettled(names.map((name) => store.save(one, name, terms())));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ code: 'request.conflict', message: expect.stringContaining('20') as string });
    expect((await store.all()).get(one)).toHaveLength(mostRulesOfGuild);
    const known = store.of(one)[0]!.name;
    expect(await store.save(one, known, terms({ above: 1 }))).toMatchObject({ threshold: 1 });

    await bench.modules[0]!.get(DataSource).query(
      `insert into guild_alert_rules (guild_id, name, figure, side, threshold, rearm, for_seconds, data, tell_cleared, enabled)
       select (200000000000000000 + n)::text, 'x', 'online', 'above', 1, 1, 0, '{}', false, true
       from generate_series(1, 1000 - $1::int) n`,
      [mostRulesOfGuild],
    );
    await expect(store.save(two, 'x', terms())).rejects.toMatchObject({
      code: 'request.conflict',
      message: expect.stringContaining('1000') as string,
    });
    await store.remove(one, known);
    expect(await store.save(two, 'x', terms())).toMatchObject({ guildId: two });
  });

  it('leaves out rules of figures that it does not know', async () => {
    const store = await open();
    await store.save(one, 'busy', terms());
    await bench.modules[0]!.get(DataSource).query(`update guild_alert_rules set figure = 'toString'`);
    await store.save(two, 'busy', terms());
    expect([...(await store.all()).keys()]).toEqual([two]);
  });

  it('serves what was last known while the database is away, and writes and raises nothing', async () => {
    const proxy = await DatabaseProxy.start(bench.url);
    const store = await open(proxy.url);
    const { revision } = await store.save(one, 'busy', terms());
    proxy.cut();
    await expect(store.save(one, 'busy', terms())).rejects.toMatchObject({ code: 'service.unavailable' });
    await expect(store.remove(one, 'busy')).rejects.toMatchObject({ code: 'service.unavailable' });
    await expect(store.turn(true, [revision])).rejects.toThrow();
    expect((await store.all()).get(one)).toMatchObject([{ name: 'busy', raised: false }]);
    await proxy.heal();
    const there = await open();
    await there.save(one, 'busy', terms({ above: 70 }));
    await vi.waitFor(async () => expect((await store.all()).get(one)).toMatchObject([{ threshold: 70 }]), outlast);
    proxy.stop();
  });
});
