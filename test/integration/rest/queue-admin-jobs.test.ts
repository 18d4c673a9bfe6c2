import { type INestApplication } from '@nestjs/common';
import request, { type Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { QueueJobs } from '../../../src/queue/operations/queue-jobs.js';
import { QueueAdminJobsController } from '../../../src/rest/queue-admin-jobs.controller.js';
import { OperationsBench } from '../queue/operations-bench.js';
import { keys, startProbeApp } from './probe-app.js';

const base = '/api/v1/admin/queue';

describe(`redrives and purges at ${base}`, { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  let app: INestApplication;
  beforeAll(async () => {
    app = await startProbeApp({
      controllers: [QueueAdminJobsController],
      providers: [{ provide: QueueJobs, useFactory: () => bench.jobs }],
    });
  });
  afterAll(() => app.close());

  const ask = (method: 'get' | 'post' | 'delete', path: string, key: string | undefined = keys.admin): Test => {
    const asking = request(app.getHttpServer() as never)[method](base + path);
    return key === '' ? asking : asking.auth(key, { type: 'bearer' });
  };
  const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

  it('redrives with progress, and is stopped', async () => {
    await bench.seed(1_200, 'dead', { type: `'a'` });
    await bench.seed(1, 'dead', { type: `'b'` });
    const made = await ask('post', '/redrives').send({ type: 'a' }).expect(202);
    const { id } = made.body as { id: string };
    const self = `${base}/redrives/${id}`;
    expect(made.headers.location).toBe(self);
    const view = {
      id,
      state: 'running',
      total: 1_200,
      done: 0,
      skipped: 0,
      of: { state: 'dead', type: 'a', destination: null, since: null, until: null },
      priority: 'low',
      createdAt: isoTime,
      endedAt: null,
      links: { self },
    };
    expect(made.body).toEqual(view);
    await bench.jobRepository.step(await bench.jobs.find('redrive', id));
    expect((await ask('get', `/redrives/${id}`).expect(200)).body).toEqual({ ...view, done: 500 });
    await ask('get', `/purges/${id}`).expect(404);
    const stopped = { ...view, done: 500, state: 'stopped', endedAt: isoTime };
    expect((await ask('delete', `/redrives/${id}`).expect(200)).body).toEqual(stopped);
    expect((await ask('delete', `/redrives/${id}`).expect(200)).body).toEqual(stopped);
  });

  it('redrives what a running process then carries out', async () => {
    await bench.seed(2, 'dead');
    const running = await bench.start();
    const { id } = (await ask('post', '/redrives').send({ since: '2020-01-01T00:00:00+01:00', priority: 'keep' }))
      .body as {
      id: string;
    };
    await vi.waitFor(
      async () =>
        expect((await ask('get', `/redrives/${id}`)).body).toMatchObject({ state: 'done', done: 2, priority: null }),
      { timeout: 20_000 },
    );
    await vi.waitFor(() => expect(bench.sender.sendings).toHaveLength(2), { timeout: 10_000 });
    expect(running).toBeDefined();
  });

  it('purges with progress, and is stopped', async () => {
    await bench.seed(600, 'superseded', { dead_at: `now() - interval '3 days'` });
    const made = await ask('post', '/purges').send({ state: 'superseded', olderThanDays: 2 }).expect(202);
    const { id } = made.body as { id: string };
    expect(made.headers.location).toBe(`${base}/purges/${id}`);
    expect(made.body).toMatchObject({
      state: 'running',
      total: 600,
      of: { state: 'superseded', until: isoTime },
      priority: null,
    });
    await bench.jobRepository.step(await bench.jobs.find('purge', id));
    expect((await ask('get', `/purges/${id}`).expect(200)).body).toMatchObject({ done: 500 });
    expect((await ask('delete', `/purges/${id}`).expect(200)).body).toMatchObject({ state: 'stopped', done: 500 });
    await ask('delete', `/redrives/${id}`).expect(404);
  });

  it.each([
    ['/redrives', { type: '' }, 'type'],
    ['/redrives', { type: 7 }, 'type'],
    ['/redrives', { destination: 'a\0b' }, 'destination'],
    ['/redrives', { since: 'yesterday' }, 'since'],
    ['/redrives', { since: '2026-01-01T00:00:00' }, 'since'],
    ['/redrives', { since: '0000-01-01T00:00:00Z' }, 'since'],
    ['/redrives', { since: '0001-01-01T00:00:00+00:01' }, 'since'],
    ['/redrives', { since: '9999-12-31T23:59:59-00:01' }, 'since'],
    ['/redrives', { priority: 'urgent' }, 'priority'],
    ['/redrives', { state: 'delivered' }, ''],
    ['/redrives', [], ''],
    ['/redrives', undefined, ''],
    ['/purges', {}, 'state'],
    ['/purges', { state: 'dead' }, 'olderThanDays'],
    ['/purges', { state: 'delivered', olderThanDays: 1 }, 'state'],
    ['/purges', { state: 'dead', olderThanDays: -1 }, 'olderThanDays'],
    ['/purges', { state: 'dead', olderThanDays: 1.5 }, 'olderThanDays'],
    ['/purges', { state: 'dead', olderThanDays: 3_651 }, 'olderThanDays'],
    ['/purges', { state: 'dead', olderThanDays: '1' }, 'olderThanDays'],
  ])('refuses %s with %j', async (path, content, culprit) => {
    await bench.seed(1, 'dead');
    const posting = ask('post', path);
    const answer = await (content === undefined ? posting : posting.send(content)).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
    expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(culprit);
    expect(await bench.rows('select from notification_jobs')).toHaveLength(0);
  });

  it('takes a time in whatever zone it is written', async () => {
    const made = await ask('post', '/redrives').send({ since: '2026-01-01T00:00:00+23:59' }).expect(202);
    expect(made.body).toMatchObject({ of: { since: '2025-12-31T00:01:00.000Z' } });
  });

  it('knows no such redrive or purge', async () => {
    for (const id of ['0', '7', 'abc', '%00', '99999999999999999999']) {
      for (const method of ['get', 'delete'] as const) {
        for (const kind of ['redrives', 'purges']) {
          expect((await ask(method, `/${kind}/${id}`).expect(404)).body).toMatchObject({ code: 'resource.not_found' });
        }
      }
    }
  });
});
