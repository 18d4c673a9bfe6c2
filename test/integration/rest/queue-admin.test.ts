import { type INestApplication } from '@nestjs/common';
import request, { type Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    const answer = await ask('get', '/stats').expect(200).expect('Cache-Control', 'private, no-store');
    expect(answer.body).toEqual({
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
    const answer = await ask('get', `/notifications?${query}`).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
    expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
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
    const answer = await ask('get', `/notifications/${id}`).expect(200);
    expect(answer.body).toEqual({
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
    expect(answer.text).not.toContain('very-secret');
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
      const answer = await ask(method, `/notifications/${id}${path}`).expect(404);
      expect(answer.body).toMatchObject({ code: 'notification.not_found' });
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
