import { type INestApplication } from '@nestjs/common';
import request, { type Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { QueueJobs } from '../../../src/queue/operations/queue-jobs.js';
import { QueueOperations } from '../../../src/queue/operations/queue-operations.js';
import { QueueInspection } from '../../../src/queue/queue-inspection.js';
import { QueueAdminController } from '../../../src/rest/queue-admin.controller.js';
import { QueueAdminJobsController } from '../../../src/rest/queue-admin-jobs.controller.js';
import { describeApi } from '../../../src/rest/openapi.js';
import { OperationsBench, person } from '../queue/operations-bench.js';
import { aNotification } from '../queue/queue-fixture.js';
import { keys, startProbeApp } from './probe-app.js';

const base = '/api/v1/admin/queue';

describe(base, { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  let app: INestApplication;
  beforeAll(async () => {
    app = await startProbeApp({
      controllers: [QueueAdminController, QueueAdminJobsController],
      providers: [
        { provide: QueueOperations, useFactory: () => bench.operations },
        { provide: QueueJobs, useFactory: () => bench.jobs },
        { provide: QueueInspection, useFactory: () => bench.observer.inspection },
      ],
    });
  });
  afterAll(() => app.close());

  const ask = (method: 'get' | 'post' | 'delete', path: string, key: string | undefined = keys.admin): Test => {
    const asking = request(app.getHttpServer() as never)[method](base + path);
    return key === '' ? asking : asking.auth(key, { type: 'bearer' });
  };
  const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

  it('tells how the queue stands', async () => {
    await bench.seed(2, 'delivered');
    await bench.seed(1, 'pending');
    const { body } = await ask('get', '/stats').expect(200).expect('Cache-Control', 'private, no-store');
    expect(body).toEqual({
      at: isoTime,
      states: { pending: 1, leased: 0, delivered: 2, dead: 0, unknown: 0, superseded: 0 },
      kinds: [{ kind: 'user', states: { pending: 1, leased: 0, delivered: 2, dead: 0, unknown: 0, superseded: 0 } }],
      types: [{ type: 'backup_error', waiting: 1 }],
      deliverable: 1,
      leased: 0,
      held: { group: 0, paused: 0, off: 0, digest: 0 },
      oldestWaitingSeconds: expect.any(Number) as number,
      lastHour: { delivered: 2, dead: 0, unknown: 0 },
    });
  });

  it('lists, page by page', async () => {
    const ids = await bench.seed(3, 'dead', { reason: `'gone'` });
    const first = await ask('get', '/notifications?state=dead&limit=2').expect(200);
    expect(first.body).toEqual({
      notifications: [expect.objectContaining({ id: ids[2] }), expect.objectContaining({ id: ids[1] })],
      next: ids[1],
    });
    expect((first.body as { notifications: object[] }).notifications[0]).toEqual({
      id: ids[2],
      type: 'backup_error',
      target: { userId: person },
      destination: `user:${person}`,
      guildId: null,
      delivery: 'push',
      state: 'dead',
      heldBy: null,
      priority: 'normal',
      route: null,
      publisher: 'tester',
      attempts: 0,
      reason: 'gone',
      createdAt: isoTime,
      nextAttemptAt: null,
      deliveredAt: null,
      endedAt: isoTime,
    });
    const rest = await ask('get', `/notifications?state=dead&limit=2&before=${ids[1]}&type=backup_error`).expect(200);
    expect(rest.body).toMatchObject({ notifications: [{ id: ids[0] }], next: null });
  });

  it.each([
    ['state', 'state=lost'],
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['limit', 'limit=x'],
    ['before', 'before=-1'],
    ['before', 'before=1%27--'],
    ['before', 'before=9999999999999999999'],
    ['type', 'type='],
    ['type', 'type=a%00b'],
    ['type', 'type=a&type=b'],
    ['destination', `destination=${'x'.repeat(301)}`],
    ['route', `route=${'x'.repeat(65)}`],
    ['', 'route[a]=b'],
    ['', 'order=asc'],
  ])('refuses a list whose %s is wrong: %s', async (path, query) => {
    const { body } = await ask('get', `/notifications?${query}`).expect(400);
    expect(body).toMatchObject({ code: 'request.invalid' });
    expect((body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
  });

  it('shows one with its tries, and nothing secret of it', async () => {
    const { id } = await bench.observer.queue.publish({
      ...aNotification,
      target: { webhookUrl: 'hook:300000/very-secret' },
      idempotencyKey: 'k',
    });
    const [claimed] = await bench.observer.leases.claim(1, 60);
    const leased = await ask('get', `/notifications/${id}`).expect(200);
    expect(leased.body).toMatchObject({
      state: 'leased',
      leaseUntil: isoTime,
      payload: { error_message: 'disk full' },
    });
    expect(leased.text).not.toMatch(new RegExp(`very-secret|${claimed!.leaseToken}`));
    await bench.observer.leases.settle(claimed!, { state: 'dead', outcome: 'refused', reason: 'gone' });
    const { body, text } = await ask('get', `/notifications/${id}`).expect(200);
    expect(body).toEqual({
      id,
      type: 'backup_error',
      target: { webhookId: '300000' },
      destination: 'webhook:300000',
      guildId: null,
      delivery: 'push',
      state: 'dead',
      heldBy: null,
      priority: 'normal',
      route: null,
      publisher: 'tester',
      attempts: 1,
      reason: 'gone',
      createdAt: isoTime,
      nextAttemptAt: null,
      deliveredAt: null,
      endedAt: isoTime,
      payload: { error_message: 'disk full' },
      message: null,
      locale: null,
      groupKey: null,
      collapseKey: null,
      idempotencyKey: 'k',
      fallback: null,
      expiresAt: null,
      supersededBy: null,
      confirmedAt: null,
      messageId: null,
      consumer: null,
      leaseUntil: null,
      tries: [{ attempt: 1, at: isoTime, outcome: 'refused', reason: 'gone' }],
    });
    expect(text).not.toContain('very-secret');
  });

  it('tries one again, or says why not', async () => {
    const [dead] = await bench.seed(1, 'dead', { target: `'{"channelId":"200000"}'` });
    expect((await ask('post', `/notifications/${dead}/retry`).expect(200)).body).toEqual({
      id: dead,
      state: 'pending',
    });
    const [delivered] = await bench.seed(1, 'delivered');
    expect((await ask('post', `/notifications/${delivered}/retry`).expect(409)).body).toMatchObject({
      code: 'request.conflict',
      detail: 'This notification has been delivered already.',
    });
  });

  it('deletes one, but for those that are being delivered', async () => {
    const [dead, over] = [
      ...(await bench.seed(1, 'dead', { target: `'{"channelId":"200000"}'` })),
      ...(await bench.seed(1, 'leased', { lease_until: `now() - interval '1 second'` })),
    ];
    const [leased] = await bench.seed(1, 'leased', { lease_until: `now() + interval '1 hour'` });
    await ask('delete', `/notifications/${dead}`).expect(204);
    await ask('delete', `/notifications/${dead}`).expect(404);
    await ask('delete', `/notifications/${over}`).expect(204);
    expect((await ask('delete', `/notifications/${leased}`).expect(409)).body).toMatchObject({
      code: 'request.conflict',
      detail: 'This notification is being delivered right now.',
    });
    expect(await bench.rows('select id from notifications')).toEqual([{ id: leased }]);
  });

  it.each([
    ['get', ''],
    ['post', '/retry'],
    ['delete', ''],
  ] as const)('knows no such notification: %s%s', async (method, path) => {
    for (const id of ['0', '999', 'abc', '1.5', '%00', '99999999999999999999']) {
      const { body } = await ask(method, `/notifications/${id}${path}`).expect(404);
      expect(body).toMatchObject({ code: 'notification.not_found' });
    }
  });

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
    const { body } = await (content === undefined ? posting : posting.send(content)).expect(400);
    expect(body).toMatchObject({ code: 'request.invalid' });
    expect((body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(culprit);
    expect(await bench.rows('select from notification_jobs')).toHaveLength(0);
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

  it.each([
    ['get', '/stats'],
    ['get', '/notifications'],
    ['get', '/notifications/1'],
    ['post', '/notifications/1/retry'],
    ['delete', '/notifications/1'],
    ['post', '/redrives'],
    ['post', '/purges'],
    ['get', '/redrives/1'],
    ['get', '/purges/1'],
    ['delete', '/redrives/1'],
    ['delete', '/purges/1'],
  ] as const)('is for admins alone: %s %s', async (method, path) => {
    await bench.seed(1, 'dead');
    await ask(method, path, '').expect(401);
    await ask(method, path, keys.publish).expect(403);
    await ask(method, path, keys.read).expect(403);
    expect(await bench.rows('select state from notifications')).toEqual([{ state: 'dead' }]);
    expect(await bench.rows('select from notification_jobs')).toHaveLength(0);
  });

  it('is described in the OpenAPI document', () => {
    const { paths, components } = describeApi(app, '0.0.0');
    expect(
      Object.keys(paths)
        .filter((path) => path.startsWith(base))
        .sort(),
    ).toEqual([
      `${base}/notifications`,
      `${base}/notifications/{id}`,
      `${base}/notifications/{id}/retry`,
      `${base}/purges`,
      `${base}/purges/{id}`,
      `${base}/redrives`,
      `${base}/redrives/{id}`,
      `${base}/stats`,
    ]);
    expect(Object.keys(paths[`${base}/redrives`]!.post!.responses)).toEqual(
      expect.arrayContaining(['202', '400', '401', '403', '409']),
    );
    expect(Object.keys(paths[`${base}/notifications/{id}`]!.delete!.responses)).toEqual(
      expect.arrayContaining(['204', '401', '403', '404', '409']),
    );
    expect(JSON.stringify(components!.schemas!.QueueNotificationDto)).not.toMatch(/secret|token|nonce/i);
  });
});
