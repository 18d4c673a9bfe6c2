import { type INestApplication } from '@nestjs/common';
import request, { type Test } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GuildDirectory } from '../../../src/gateway/guild-directory.js';
import { NotificationQueue } from '../../../src/queue/notification-queue.js';
import { describeApi } from '../../../src/rest/openapi.js';
import { NotificationsController } from '../../../src/rest/notifications.controller.js';
import { aNotification, QueueBench } from '../queue/queue-fixture.js';
import { keys, startProbeApp } from './probe-app.js';

const { target, type, payload } = aNotification;
const body = { target, type, payload };
/** The one guild that the house knows in these tests. */
const guildId = '900000000000000001';

describe('/api/v1/notifications', () => {
  const bench = new QueueBench();
  let app: INestApplication;
  beforeAll(async () => {
    app = await startProbeApp({
      controllers: [NotificationsController],
      providers: [
        { provide: NotificationQueue, useFactory: () => bench.observer.queue },
        {
          provide: GuildDirectory,
          useValue: { find: (id: string) => Promise.resolve(id === guildId ? { id } : undefined) },
        },
      ],
    });
  });
  afterAll(() => app.close());

  const post = (content: unknown, key: string | undefined = keys.publish): Test => {
    const posting = request(app.getHttpServer() as never).post('/api/v1/notifications');
    return (key === undefined ? posting : posting.auth(key, { type: 'bearer' })).send(content as object);
  };
  const get = (path: string, key = keys.publish): Test =>
    request(app.getHttpServer() as never)
      .get(path)
      .auth(key, { type: 'bearer' });

  it('accepts a notification and says where its state can be read', async () => {
    const answer = await post({ ...body, guildId }).expect(202);
    const { id } = answer.body as { id: string };
    const self = `/api/v1/notifications/${id}`;
    expect(answer.body).toEqual({ id: expect.stringMatching(/^\d+$/) as string, state: 'pending', links: { self } });
    expect(answer.headers.location).toBe(self);
    const status = await get(self).expect(200).expect('Cache-Control', 'private, no-store');
    expect(status.body).toEqual({
      id,
      type,
      route: null,
      target,
      guildId,
      state: 'pending',
      priority: 'normal',
      groupKey: null,
      collapseKey: null,
      heldBy: null,
      fallback: null,
      expiresAt: null,
      supersededBy: null,
      attempts: [],
      createdAt: expect.any(String) as string,
      nextAttemptAt: expect.any(String) as string,
      deliveredAt: null,
      confirmedAt: null,
      reason: null,
    });
  });

  describe('a batch', () => {
    it('is accepted in its order', async () => {
      const many = Array.from({ length: 100 }, (_, index) => ({
        ...body,
        payload: { text: `${index} ${'x'.repeat(500)}` },
      }));
      const answer = await post(many).expect(202);
      const { notifications } = answer.body as { notifications: { id: string; state: string; links: object }[] };
      const rows = await bench.rows<{ id: string }>('select id from notifications order by id');
      expect(notifications).toEqual(
        rows.map(({ id }) => ({ id, state: 'pending', links: { self: `/api/v1/notifications/${id}` } })),
      );
      expect(notifications).toHaveLength(100);
    });

    it('is the same for the same Idempotency-Key, each by its place or by a key of its own', async () => {
      const batch = [body, { ...body, idempotencyKey: 'mine' }, body];
      const send = (content: unknown) => post(content).set('Idempotency-Key', 'all');
      const first = await send(batch).expect(202);
      expect((await send(batch).expect(202)).body).toEqual(first.body);
      const mine = await post(body).set('Idempotency-Key', 'mine').expect(202);
      const ids = (first.body as { notifications: { id: string }[] }).notifications.map(({ id }) => id);
      expect((mine.body as { id: string }).id).toBe(ids[1]);
      expect(new Set(ids).size).toBe(3);
      await send([...batch.slice(0, 2), { ...body, type: 'other' }]).expect(422);
      expect(await bench.rows('select id from notifications')).toHaveLength(3);
    });

    it.each([
      ['none', [], ''],
      ['too many', Array.from({ length: 101 }, () => body), ''],
      ['one that is no object', [body, 7], '1'],
      ['one without a target', [body, { type, payload }], '1.target'],
      ['one with a target that leads nowhere', [{ ...body, target: { webhookUrl: 'x' } }], 'target.webhookUrl'],
      ['one for a guild that is not shown', [body, { ...body, guildId: '900000000000000002' }], '1.guildId'],
      ['one with an unknown field', [{ ...body, colour: 1 }], '0'],
    ])('is refused as a whole with %s', async (_what, batch, path) => {
      const answer = await post(batch).expect(400);
      expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path }] });
      expect(await bench.rows('select id from notifications')).toEqual([]);
    });
  });

  it('refuses a guild that is not shown here', async () => {
    const answer = await post({ ...body, guildId: '900000000000000002' }).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it('takes a channel for a target, and a webhook whose address it never gives back', async () => {
    const channel = await post({ ...body, target: { channelId: '200000' } }).expect(202);
    expect((await get(channel.headers.location!).expect(200)).body).toMatchObject({ target: { channelId: '200000' } });
    const answer = await post({ ...body, target: { webhookUrl: 'hook:300000/very-secret' } }).expect(202);
    const status = await get(answer.headers.location!, keys.admin).expect(200);
    expect(status.body).toMatchObject({ target: { webhookId: '300000' } });
    expect(JSON.stringify([answer.body, answer.headers, status.body])).not.toContain('very-secret');
  });

  it('repeats nothing of an address that it refuses', async () => {
    const refused = await post({ ...body, target: { webhookUrl: 'https://evil.example/very-secret' } }).expect(400);
    expect(JSON.stringify(refused.body)).not.toMatch(/evil|very-secret/);
    const both = { userId: '100000', webhookUrl: 'hook:300000/very-secret' };
    const twice = await post({ ...body, target: both }).expect(400);
    expect(JSON.stringify(twice.body)).not.toContain('very-secret');
    expect(twice.body).toMatchObject({
      errors: [{ path: 'target', message: 'must hold exactly one of userId, channelId, webhookUrl and endpoint' }],
    });
  });

  it('tells of the tries, and why the last one failed', async () => {
    const { id } = (await post(body)).body as { id: string };
    const [claimed] = await bench.observer.leases.claim(1, 60);
    await bench.observer.leases.settle(claimed!, { state: 'dead', outcome: 'refused', reason: 'no such user' });
    const status = await get(`/api/v1/notifications/${id}`);
    expect(status.body).toMatchObject({
      state: 'dead',
      reason: 'no such user',
      nextAttemptAt: null,
      attempts: [{ attempt: 1, outcome: 'refused', reason: 'no such user', at: expect.stringMatching(/Z$/) as string }],
    });
  });

  it('answers the same notification to the same key and body, and refuses another body', async () => {
    const first = await post(body).set('Idempotency-Key', 'backup-7').expect(202);
    const second = await post(body).set('Idempotency-Key', 'backup-7').expect(202);
    expect(second.body).toEqual(first.body);
    expect(second.headers.location).toBe(first.headers.location);
    const other = await post({ ...body, type: 'other' })
      .set('Idempotency-Key', 'backup-7')
      .expect(422);
    expect(other.body).toMatchObject({ code: 'idempotency.mismatch' });
  });

  it.each(['', ' ', 'x'.repeat(256), 'schlüssel'])('refuses the Idempotency-Key %j', async (key) => {
    const answer = await post(body).set('Idempotency-Key', key).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path: 'Idempotency-Key' }] });
  });

  it.each([
    ['target', { type, payload }],
    ['target.userId', { ...body, target: { userId: 100_000 } }],
    ['target.userId', { ...body, target: { userId: 'somebody' } }],
    ['target', { ...body, target: { userId: '100000', channelId: '100000' } }],
    ['target', { ...body, target: {} }],
    ['target', { ...body, target: 'somebody' }],
    ['target', { ...body, target: { roomId: '100000' } }],
    ['target.channelId', { ...body, target: { channelId: 'general' } }],
    ['target.webhookUrl', { ...body, target: { webhookUrl: 'https://evil.example/api/webhooks/1/2' } }],
    ['target.webhookUrl', { ...body, target: { webhookUrl: `hook:1/${'x'.repeat(500)}` } }],
    ['target.webhookUrl', { ...body, target: { webhookUrl: null } }],
    ['type', { target, payload }],
    ['type', { ...body, type: '' }],
    ['type', { ...body, type: 'a b' }],
    ['type', { ...body, type: 'x'.repeat(65) }],
    ['payload', { target, type }],
    ['payload', { ...body, payload: 'text' }],
    ['payload', { ...body, payload: [1] }],
    ['payload', { ...body, payload: null }],
    ['guildId', { ...body, guildId: 'x' }],
    ['', { ...body, urgent: true }],
    ['target', { type, payload, expiresAt: '2026-01-01T00:00:00Z' }],
    ['expiresAt', { ...body, notBefore: '2030-01-01T00:00:00Z', expiresAt: '2029-01-01T00:00:00Z' }],
    ['notBefore', { ...body, notBefore: '2030-01-01T00:00:00' }],
    ['priority', { ...body, priority: 'urgent' }],
    ['groupKey', { ...body, groupKey: ' ' }],
    ['collapseKey', { ...body, collapseKey: 'a\nb' }],
    ['locale', { ...body, locale: 'de' }],
    ['fallback', { ...body, fallback: {} }],
    ['type', { target, payload }],
    ['message', { target, message: { content: ' ', embeds: [{ color: 1 }] } }],
    ['message', { target, message: { content: 'x', file: 'y' } }],
    ['message.embeds.0.color', { target, message: { embeds: [{ title: 'x', color: -1 }] } }],
  ])('refuses a body whose %s is wrong: %j', async (path, content) => {
    const answer = await post(content).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
    expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
  });

  it('refuses a payload that is too large or nested too deep', async () => {
    expect((await post({ ...body, payload: { a: 'x'.repeat(65_536) } }).expect(413)).body).toMatchObject({
      code: 'request.too_large',
    });
    const deep = JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as unknown;
    expect((await post({ ...body, payload: deep }).expect(400)).body).toMatchObject({ code: 'request.invalid' });
  });

  it.each(['0', '999999', 'abc', '1.5', '%00', '1%20or%201=1'])('knows no notification %s', async (id) => {
    const answer = await get(`/api/v1/notifications/${id}`).expect(404);
    expect(answer.body).toMatchObject({ code: 'notification.not_found' });
  });

  describe('with other keys', () => {
    let self: string;
    beforeEach(async () => {
      self = (await post(body, keys.admin).expect(202)).headers.location!;
    });

    it('is closed to callers without a key and to keys without the scope', async () => {
      await request(app.getHttpServer() as never)
        .post('/api/v1/notifications')
        .send(body)
        .expect(401);
      await request(app.getHttpServer() as never)
        .get(self)
        .expect(401);
      await post(body, keys.read).expect(403);
      await get(self, keys.read).expect(403);
      expect(await bench.rows('select 1 from notifications')).toHaveLength(1);
    });

    it('shows a publisher its own notifications alone, and an admin all', async () => {
      await get(self).expect(404);
      await get(self, keys.admin).expect(200);
      const own = (await post(body).expect(202)).headers.location!;
      await get(own).expect(200);
      await get(own, keys.admin).expect(200);
    });

    it('keeps the idempotency keys of publishers apart', async () => {
      const one = await post(body).set('Idempotency-Key', 'k').expect(202);
      const other = await post(body, keys.admin).set('Idempotency-Key', 'k').expect(202);
      expect(other.headers.location).not.toBe(one.headers.location);
    });
  });

  it('is described in the OpenAPI document', () => {
    const { paths } = describeApi(app, '0.0.0');
    const publish = paths['/api/v1/notifications']!.post!;
    expect(Object.keys(publish.responses)).toEqual(expect.arrayContaining(['202', '400', '401', '403', '413', '422']));
    expect(publish.parameters).toMatchObject([{ name: 'Idempotency-Key', in: 'header', required: false }]);
    expect(publish.requestBody).toMatchObject({
      content: {
        'application/json': {
          schema: {
            oneOf: [
              { $ref: '#/components/schemas/PublishNotificationDto' },
              { type: 'array', items: { $ref: '#/components/schemas/PublishBatchItemDto' }, maxItems: 100 },
            ],
          },
        },
      },
    });
    const { schemas } = describeApi(app, '0.0.0').components!;
    expect(schemas!.PublishNotificationDto).toMatchObject({
      properties: {
        target: {
          minProperties: 1,
          maxProperties: 1,
          additionalProperties: false,
          properties: { userId: { type: 'string' }, channelId: { type: 'string' }, webhookUrl: { type: 'string' } },
        },
      },
    });
    expect(JSON.stringify(schemas!.NotificationStatusDto)).not.toContain('webhookUrl');
    expect(Object.keys(paths['/api/v1/notifications/{id}']!.get!.responses)).toEqual(
      expect.arrayContaining(['200', '404']),
    );
  });
});
