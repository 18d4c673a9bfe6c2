import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { DatabaseProxy } from '../database/database-proxy.js';
import { type ReferenceQueue } from '../../support/remote-sources-reference.js';
import { RemoteSourcesBench } from './remote-sources-bench.js';

type Answer = Exclude<ReturnType<ReferenceQueue['instead']>, 'silence' | undefined>;

const patience = { timeout: 25_000, interval: 20 };
const isPoll = (method: string): boolean => method === 'GET';
const html = (status: number): Answer => ({ status, contentType: 'text/html', body: '<h1>no</h1>' });
const json = (status: number, body: object): Answer => ({ status, body: JSON.stringify(body) });

describe('a source in trouble', { timeout: 60_000 }, () => {
  const bench = new RemoteSourcesBench();

  /** As `QUEUE_SOURCES` has them. */
  const named = (name: string, { url }: { url: string }): string => `${name}=${url}`;

  it('is served again when it is back, and its marks with it', async () => {
    const first = bench.reference.add();
    let outage = true;
    bench.dms.answer = () =>
      outage
        ? { kind: 'retry', reason: 'Discord cannot be reached.', burnsAttempt: false }
        : { kind: 'sent', messageId: '1' };
    const { sources } = await bench.start();
    await expect.poll(() => sources.status(), patience).toMatchObject([{ waiting: 1 }]);
    await bench.reference.goDown();
    outage = false;
    await expect
      .poll(() => sources.status(), patience)
      .toMatchObject([
        { state: 'failing', untold: 1, waiting: 0, lastError: 'cannot be asked: nobody listens there (ECONNREFUSED)' },
      ]);
    expect(bench.dms.sent).toHaveLength(1);
    const second = bench.reference.add();
    await bench.reference.comeBack();
    for (const id of [first, second]) await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    expect([...bench.reference.marks].sort()).toEqual([`processed ${first}`, `processed ${second}`]);
    await expect.poll(() => sources.status(), patience).toMatchObject([{ state: 'ok', untold: 0, processed: 2 }]);
    expect(bench.dms.sent).toHaveLength(2);
  });

  it('holds up no other, silent or gone', async () => {
    const [silent, gone] = [await bench.another(), await bench.another()];
    silent.instead = () => 'silence';
    await gone.goDown();
    const sources = [named('silent', silent), named('gone', gone), named('well', bench.reference)].join();
    const ids = [bench.reference.add(), bench.reference.add()];
    const running = await bench.start({ QUEUE_SOURCES: sources });
    await expect.poll(() => bench.reference.marks, patience).toHaveLength(2);
    const third = bench.reference.add();
    await expect
      .poll(() => bench.reference.marks.sort(), patience)
      .toEqual([...ids, third].map((id) => `processed ${id}`));
    // The silent one has not even had its time. What was marked there is counted here a moment later.
    await expect
      .poll(() => running.sources.status(), patience)
      .toMatchObject([
        { name: 'silent', state: 'idle' },
        { name: 'gone', state: 'failing' },
        { name: 'well', state: 'ok', processed: 3 },
      ]);
    // And a stop waits for nobody: its deadline is earlier than the silent one's.
    await bench.stop(running);
    expect(silent.asked).toMatchObject([{ status: 0 }]);
  });

  it('may have the ids of another', async () => {
    const twin = await bench.another();
    for (const [reference, text] of [
      [bench.reference, 'from one'],
      [twin, 'from two'],
    ] as const) {
      for (let count = 0; count < 3; count += 1) reference.add({ payload: { error_message: text } });
    }
    await bench.start({ QUEUE_SOURCES: [bench.reference.url, twin.url].join() });
    const all = ['processed 1', 'processed 2', 'processed 3'];
    await expect.poll(() => [...bench.reference.marks].sort(), patience).toEqual(all);
    await expect.poll(() => [...twin.marks].sort(), patience).toEqual(all);
    for (const text of ['from one', 'from two']) {
      expect(bench.dms.sent.filter((sending) => sending.text.includes(text))).toHaveLength(3);
    }
  });

  it('says so when its answer is none that would do, and is well when that is over', async () => {
    const answers: Record<string, [answer: (url: string) => Answer, lastError: string]> = {
      page: [() => html(200), 'answered 200 OK without JSON'],
      failure: [() => json(200, { success: false, events: [] }), 'answered 200 OK without success'],
      eventless: [() => json(200, { success: true }), 'gave an answer without events'],
      list: [() => json(200, []), 'gave an answer that is no JSON object'],
      broken: [() => ({ status: 200, body: '{"success": tr' }), 'gave an answer that is not JSON'],
      missing: [() => html(404), 'answered 404 Not Found'],
      refusal: [() => json(401, {}), 'answered 401 Unauthorized: see the user and the password in its address'],
      redirect: [
        (url) => ({ ...html(302), headers: { location: `${url}/elsewhere` } }),
        'answered 302 Found: redirects are not followed',
      ],
      error: [() => json(500, { success: false, error: 'canary' }), 'answered 500 Internal Server Error'],
      long: [
        () => json(200, { success: true, events: ['x'.repeat(2_200_000)] }),
        'gave an answer of more than 2097152 bytes',
      ],
    };
    const asked = await Promise.all(
      Object.entries(answers).map(async ([name, [answer, lastError]]) => {
        const reference = await bench.another();
        reference.instead = (method) => (isPoll(method) ? answer(reference.url) : undefined);
        return { name, lastError, reference, id: reference.add() };
      }),
    );
    const QUEUE_SOURCES = asked.map(({ name, reference }) => named(name, reference)).join();
    const { sources, metrics } = await bench.start({ QUEUE_SOURCES });
    await expect
      .poll(() => sources.status(), patience)
      .toMatchObject(asked.map(({ name, lastError }) => ({ name, state: 'failing', lastError, polled: 0 })));
    const exposed = await metrics.expose();
    for (const { name, reference } of asked) {
      expect(exposed).toMatch(
        new RegExp(`guildcast_remote_source_polls_total\\{source="${name}",result="failed"\\} [1-9]`),
      );
      expect(reference.asked.every(({ path }) => path === '/discord/events')).toBe(true);
      reference.instead = () => undefined;
    }
    for (const { reference, id } of asked)
      await expect.poll(() => reference.marks, patience).toEqual([`processed ${id}`]);
    await expect
      .poll(() => sources.status(), patience)
      .toMatchObject(asked.map(({ name }) => ({ name, state: 'ok', polled: 1, processed: 1 })));
  });

  it('is complained of once, not at each poll', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const logged = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    try {
      bench.reference.instead = (method) => (isPoll(method) ? html(404) : undefined);
      await bench.start({ QUEUE_SOURCES: named('home', bench.reference) });
      await expect.poll(() => bench.reference.polls, patience).toBeGreaterThanOrEqual(3);
      const lines = () =>
        [...warned.mock.calls, ...logged.mock.calls]
          .map(([line]) => String(line))
          .filter((line) => line.startsWith('home '));
      expect(lines()).toEqual(['home answered 404 Not Found; it is tried again']);
      bench.reference.instead = () => undefined;
      await expect
        .poll(lines, patience)
        .toEqual(['home answered 404 Not Found; it is tried again', 'home answers again']);
    } finally {
      warned.mockRestore();
      logged.mockRestore();
    }
  });

  it('gives what comes before an event that breaks its answers', async () => {
    for (let count = 0; count < 3; count += 1) bench.reference.add();
    const poisoned = bench.reference.add({ payload: { text: 'x'.repeat(2_200_000) } });
    const { sources } = await bench.start();
    await expect
      .poll(() => [...bench.reference.marks].sort(), patience)
      .toEqual(['processed 1', 'processed 2', 'processed 3']);
    await expect
      .poll(() => sources.status(), patience)
      .toMatchObject([{ lastError: 'gave an answer of more than 2097152 bytes' }]);
    bench.reference.event(poisoned).payload = {};
    await expect.poll(() => bench.reference.event(poisoned).processed, patience).toBe(true);
  });

  it('is told again what it did not hear, and no mark waits for one that it never takes', async () => {
    const refusals: Record<string, () => Answer> = {
      '/discord/events/1/processed': () => json(500, { success: false, error: 'database is locked' }),
      '/discord/events/2/processed': () => json(404, { success: false, error: 'no such event' }),
      '/discord/events/3/processed': () => json(409, { success: false, error: 'processed before' }),
      '/discord/events/4/processed': () => json(422, { success: false, error: 'never' }),
      // Not its own words: a gateway's, in front of a source that is away.
      '/discord/events/5/processed': () => html(404),
      '/discord/events/6/processed': () => html(200),
    };
    for (let count = 0; count < 7; count += 1) bench.reference.add();
    bench.reference.instead = (_, path) => refusals[path]?.();
    const { sources } = await bench.start({ QUEUE_SOURCE_INTERVAL: '3600' });
    await expect.poll(() => sources.status(), patience).toMatchObject([{ untold: 3, waiting: 0, processed: 4 }]);
    expect(bench.reference.marks.filter((mark) => mark !== 'processed 6')).toEqual(['processed 7']);
    bench.reference.instead = () => undefined;
    await expect
      .poll(() => [1, 5, 6].map((id) => bench.reference.event(id).processed), patience)
      .toEqual([true, true, true]);
    await expect.poll(() => sources.status(), patience).toMatchObject([{ untold: 0, processed: 7 }]);
    expect(bench.dms.sent).toHaveLength(7);
  });

  it('is left alone as long as it asks', async () => {
    bench.reference.instead = (method) =>
      isPoll(method) && bench.reference.polls === 0
        ? { ...json(429, { success: false }), headers: { 'retry-after': '4' } }
        : undefined;
    bench.reference.add();
    const start = performance.now();
    await bench.start();
    await expect.poll(() => bench.reference.marks, patience).toHaveLength(1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(4_000);
  });

  it('waits for our database, and loses nothing by it', async () => {
    const proxy = await DatabaseProxy.start(bench.databaseUrl);
    try {
      const { sources } = await bench.start({}, proxy.url);
      await expect.poll(() => bench.reference.polls, patience).toBeGreaterThan(0);
      proxy.cut();
      const id = bench.reference.add();
      await expect(sources.status()).rejects.toMatchObject({ code: 'service.unavailable' });
      await proxy.heal();
      await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
      expect(bench.dms.sent).toHaveLength(1);
    } finally {
      proxy.stop();
    }
  });

  it('is served by one process of several, and by another when that one ends', async () => {
    const one = await bench.start();
    await expect.poll(() => bench.reference.polls, patience).toBeGreaterThan(0);
    const other = await bench.start();
    const polls = async (running: typeof one): Promise<number> =>
      Number(/polls_total\{source="[^"]*",result="ok"\} (\d+)/.exec(await running.metrics.expose())?.[1]);
    const ids = [bench.reference.add(), bench.reference.add()];
    await expect.poll(() => bench.reference.marks.length, patience).toBe(2);
    expect(await polls(other)).toBe(0);
    // Both know how it stands.
    const alike = async () => isDeepStrictEqual(await other.sources.status(), await one.sources.status());
    await expect.poll(alike, patience).toBe(true);
    await bench.stop(one);
    const third = bench.reference.add();
    await expect
      .poll(() => [...bench.reference.marks].sort(), patience)
      .toEqual([...ids, third].map((id) => `processed ${id}`));
    expect(await polls(other)).toBeGreaterThan(0);
    expect(bench.dms.sent).toHaveLength(3);
  });

  it('gets its key by Basic, and shows it nowhere', async () => {
    const spied = (['log', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(Logger.prototype, level).mockImplementation(() => undefined),
    );
    try {
      const { host } = new URL(bench.reference.url);
      bench.reference.instead = (method) => (isPoll(method) ? html(403) : undefined);
      const running = await bench.start({ QUEUE_SOURCES: `http://bot:canary%2FS3cret@${host}/canary-path/` });
      await expect.poll(() => running.sources.status(), patience).toMatchObject([{ name: host, state: 'failing' }]);
      expect(bench.reference.asked[0]).toMatchObject({
        path: '/canary-path/discord/events',
        authorization: `Basic ${Buffer.from('bot:canary/S3cret').toString('base64')}`,
      });
      await bench.reference.goDown();
      await expect.poll(async () => (await running.sources.status())[0]?.lastError, patience).toContain('ECONNREFUSED');
      const shown = JSON.stringify([
        await running.sources.status(),
        await running.metrics.expose(),
        spied.flatMap((spy) => spy.mock.calls),
        await bench.rows('select * from remote_sources'),
      ]);
      expect(shown).toContain(host);
      expect(shown).not.toMatch(/canary|Ym90Om/);
    } finally {
      for (const spy of spied) spy.mockRestore();
    }
  });
});
