import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DataSource } from 'typeorm';
import { PullQueue } from '../../src/queue/pull-queue.js';
import { EventQueueClient } from '../support/event-queue-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const base = '/api/v1/notifications';
const publication = { target: { userId: '100000000000000001' }, type: 'backup_error', payload: { a: [1, 'ñ'] } };

interface Claimed {
  id: string;
  leaseToken: string;
  leaseUntil: string;
}

describe('notifications that consumers claim', { timeout: 60_000 }, () => {
  let app: TestApp;
  let api: EventQueueClient;
  beforeAll(async () => {
    app = await startTestApp();
    api = new EventQueueClient(app.url);
  });
  afterAll(() => app.close());

  const sql = <T>(statement: string, parameters: unknown[] = []): Promise<T[]> =>
    app.app.get(DataSource).query(statement, parameters);
  afterEach(() => sql('truncate notifications, notification_attempts'));

  const consumer = { key: testKeys.consume };
  const publish = async (more: object = {}): Promise<string> => {
    const { status, body } = await api.post(base, { ...publication, ...more });
    expect(status).toBe(202);
    return body.id as string;
  };
  const claim = async (body: object = {}): Promise<Claimed[]> => {
    const answer = await api.post(`${base}/claim`, body, consumer);
    expect(answer.status).toBe(200);
    return answer.body.notifications as Claimed[];
  };
  const status = async (id: string) => (await api.get(`${base}/${id}`)).body;

  it('are given with all that there is to know, each to one consumer', async () => {
    const id = await publish();
    const [given, ...others] = await claim({ consumer: 'bot' });
    expect(others).toEqual([]);
    expect(given).toEqual({
      id,
      ...publication,
      message: null,
      mentions: null,
      priority: 'normal',
      locale: null,
      guildId: null,
      attempts: 0,
      createdAt: expect.stringMatching(/Z$/) as string,
      leaseToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      leaseUntil: expect.stringMatching(/Z$/) as string,
    });
    expect(await claim()).toEqual([]);
    expect(await status(id)).toMatchObject({ state: 'leased' });
  });

  it('are the same rows as in the event queue dialect', async () => {
    const id = await publish();
    const [given] = await api.events('?lease_seconds=60');
    expect(given).toMatchObject({ id: Number(id), event_type: 'backup_error', payload: publication.payload });
    const leaseToken = given!.lease_token;
    expect((await api.post(`${base}/${id}/ack`, { leaseToken }, consumer)).status).toBe(200);
    const event = await api.publish();
    const [other] = await claim();
    expect(other!.id).toBe(String(event));
  });

  it('are delivered with an ack, also when it is sent twice', async () => {
    const id = await publish();
    const [{ leaseToken }] = (await claim()) as [Claimed];
    const ack = () => api.post(`${base}/${id}/ack`, { leaseToken }, consumer);
    expect(await ack()).toMatchObject({ status: 200, body: { id, state: 'delivered' } });
    expect(await ack()).toMatchObject({ status: 200, body: { id, state: 'delivered' } });
    expect(await status(id)).toMatchObject({ state: 'delivered', attempts: [{ attempt: 1, outcome: 'sent' }] });
  });

  it('bring the message, the priority and the language that their publisher chose', async () => {
    const message = { content: 'hello' };
    await api.post(base, { target: publication.target, message, priority: 'high', locale: 'es' });
    expect(await claim()).toMatchObject([{ type: 'message', payload: {}, message, priority: 'high', locale: 'es' }]);
  });

  it('are delivered many at once, each for itself', async () => {
    const ids = [await publish(), await publish(), await publish(), await publish()];
    const pushed = await publish({ delivery: 'push' });
    const given = await claim({ limit: 3 });
    const token = given[0]!.leaseToken;
    const ackAll = (notifications: object[]) => api.post(`${base}/ack`, { notifications }, consumer);
    const asked = [
      given[2]!,
      { id: ids[0]!, leaseToken: given[1]!.leaseToken },
      { id: ids[3]!, leaseToken: token },
      { id: '999999', leaseToken: token },
      { id: 'x', leaseToken: token },
      { id: pushed, leaseToken: token },
      given[1]!,
    ].map(({ id, leaseToken }) => ({ id, leaseToken }));
    const answer = await ackAll(asked);
    expect(answer.status).toBe(200);
    const conflict = { error: { code: 'request.conflict' } };
    const unknown = { error: { code: 'notification.not_found' } };
    expect(answer.body.notifications).toMatchObject([
      { id: ids[2], state: 'delivered' },
      { id: ids[0], ...conflict },
      { id: ids[3], ...conflict },
      { id: '999999', ...unknown },
      { id: 'x', ...unknown },
      { id: pushed, ...conflict },
      { id: ids[1], state: 'delivered' },
    ]);
    expect(await status(ids[2]!)).toMatchObject({ state: 'delivered', attempts: [{ attempt: 1, outcome: 'sent' }] });
    expect(await status(ids[0]!)).toMatchObject({ state: 'leased', attempts: [] });
    const again = await ackAll([asked[6]!, { id: ids[2]!, leaseToken: token }]);
    expect(again.body.notifications).toMatchObject([
      { id: ids[1], state: 'delivered' },
      { id: ids[2], ...conflict },
    ]);
    expect((await status(ids[1]!)).attempts).toHaveLength(1);
    for (const bad of [[], {}, [{ id: '1' }], [{ id: 1, leaseToken: token }], [{ id: '1', leaseToken: 'x' }]]) {
      expect((await api.post(`${base}/ack`, { notifications: bad }, consumer)).status, JSON.stringify(bad)).toBe(400);
    }
    expect((await api.post(`${base}/ack`, { notifications: asked }, { key: testKeys.publish })).status).toBe(403);
  });

  it('are tried again after a nack, or given up', async () => {
    const ids = [await publish(), await publish(), await publish()];
    const given = await claim();
    const nack = (index: number, body: object) =>
      api.post(`${base}/${ids[index]}/nack`, { leaseToken: given[index]!.leaseToken, ...body }, consumer);
    expect(await nack(0, { reason: 'Discord is down' })).toMatchObject({ status: 200, body: { state: 'pending' } });
    expect(await nack(1, { reason: 'left', permanent: true })).toMatchObject({ body: { state: 'dead' } });
    expect(await nack(2, { reason: 'Usuario no encontrado' })).toMatchObject({ body: { state: 'dead' } });
    expect(await nack(0, { reason: 'again' })).toMatchObject({ status: 409, body: { code: 'request.conflict' } });
    expect(await status(ids[0]!)).toMatchObject({ state: 'pending', reason: 'Discord is down', attempts: [{}] });
    expect(await claim()).toEqual([]);
  });

  it('are kept for longer with their token, and lost with a lease that is over', async () => {
    const id = await publish();
    const [{ leaseToken, leaseUntil }] = (await claim({ leaseSeconds: 5 })) as [Claimed];
    const extended = await api.post(`${base}/${id}/extend`, { leaseToken, leaseSeconds: 600 }, consumer);
    expect(extended).toMatchObject({ status: 200, body: { id } });
    expect(Date.parse(extended.body.leaseUntil as string)).toBeGreaterThan(Date.parse(leaseUntil) + 500_000);
    await sql(`update notifications set lease_until = now()`);
    const [next] = await claim();
    expect(next).toMatchObject({ id, attempts: 1 });
    for (const [what, body] of [
      ['ack', { leaseToken }],
      ['nack', { leaseToken, reason: 'x' }],
      ['extend', { leaseToken, leaseSeconds: 5 }],
    ] as const) {
      const refused = await api.post(`${base}/${id}/${what}`, body, consumer);
      expect(refused).toMatchObject({ status: 409, body: { code: 'request.conflict' } });
      expect(refused.headers.get('content-type')).toMatch(/problem\+json/);
    }
  });

  it('are waited for, and given as soon as they come', async () => {
    const waiting = claim({ wait: 14, limit: 5 });
    const id = await publish();
    expect((await waiting).map((given) => given.id)).toEqual([id]);
    expect(await claim({ wait: 0.1 })).toEqual([]);
  });

  it('are not given to somebody who went away while waiting', async () => {
    const pull = app.app.get(PullQueue, { strict: false });
    const claiming = vi.spyOn(pull, 'claim');
    const leaving = new AbortController();
    const left = fetch(`${app.url}${base}/claim`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKeys.consume}`, 'content-type': 'application/json' },
      body: JSON.stringify({ wait: 14 }),
      signal: leaving.signal,
    }).catch(() => undefined);
    try {
      await vi.waitFor(() => expect(claiming).toHaveBeenCalled(), { timeout: 10_000 });
      leaving.abort();
      await left;
      expect((await (claiming.mock.results[0]!.value as ReturnType<PullQueue['claim']>)).rows).toEqual([]);
    } finally {
      claiming.mockRestore();
    }
    const id = await publish();
    expect((await claim()).map((given) => given.id)).toEqual([id]);
    expect(await status(id)).toMatchObject({ attempts: [] });
  });

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 101 }],
    ['limit', { limit: '5' }],
    ['leaseSeconds', { leaseSeconds: 0 }],
    ['leaseSeconds', { leaseSeconds: 3_601 }],
    ['wait', { wait: 15 }],
    ['wait', { wait: -1 }],
    ['consumer', { consumer: '\0' }],
    ['', { unknown: 1 }],
    ['', []],
  ])('are not claimed with a wrong %s: %j', async (path, body) => {
    const answer = await api.post(`${base}/claim`, body, consumer);
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toContain(path);
  });

  it.each([
    ['ack', {}],
    ['ack', { leaseToken: 'x' }],
    ['nack', { leaseToken: '00000000-0000-4000-8000-000000000000' }],
    ['nack', { leaseToken: '00000000-0000-4000-8000-000000000000', reason: '' }],
    ['extend', { leaseToken: '00000000-0000-4000-8000-000000000000', leaseSeconds: 0 }],
  ])('refuse a wrong %s: %j', async (what, body) => {
    const id = await publish();
    expect(await api.post(`${base}/${id}/${what}`, body, consumer)).toMatchObject({
      status: 400,
      body: { code: 'request.invalid' },
    });
  });

  it('are closed to all but consumers, and unknown ids are 404', async () => {
    const leaseToken = '00000000-0000-4000-8000-000000000000';
    const calls = [
      ['claim', {}],
      ['999999/ack', { leaseToken }],
      ['999999/nack', { leaseToken, reason: 'x' }],
      ['999999/extend', { leaseToken, leaseSeconds: 5 }],
    ] as const;
    for (const [path, body] of calls) {
      expect((await api.post(`${base}/${path}`, body, { key: testKeys.publish })).status).toBe(403);
      expect((await api.post(`${base}/${path}`, body, { key: null })).status).toBe(401);
      if (path === 'claim') continue;
      expect(await api.post(`${base}/${path}`, body, consumer)).toMatchObject({
        status: 404,
        body: { code: 'notification.not_found' },
      });
    }
  });

  it('are described in the OpenAPI document, as is the dialect with its own refusals', async () => {
    const { body } = await api.get('/openapi.json', { key: null });
    const paths = body.paths as Record<
      string,
      Record<string, { responses: Record<string, object>; security: object[] }>
    >;
    for (const what of ['claim', '{id}/ack', '{id}/nack', '{id}/extend']) {
      expect(Object.keys(paths[`${base}/${what}`]!.post!.responses)).toEqual(
        expect.arrayContaining(['200', '401', '403']),
      );
    }
    const dialect = Object.keys(paths).filter((path) => /^\/(discord|webhook)\//.test(path));
    expect(dialect).toHaveLength(10);
    for (const path of dialect) {
      for (const operation of Object.values(paths[path]!)) {
        expect(JSON.stringify(operation.responses.default)).toContain('RefusalDto');
        expect(operation.security).toEqual(expect.arrayContaining([{ basic: [] }]));
      }
    }
  });
});
