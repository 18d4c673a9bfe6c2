import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { EventQueueClient } from '../support/event-queue-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const anError = { success: false, error: expect.any(String) as string };

let app: TestApp;
let queue: EventQueueClient;
beforeAll(async () => {
  app = await startTestApp({
    QUEUE_RETRY_SCHEDULE: '5,30',
    DISCORD_WEBHOOK_URL: 'https://discord.com/api/webhooks/1/s3cret',
  });
  queue = new EventQueueClient(app.url);
});
afterAll(() => app.close());

const sql = <T>(statement: string, parameters: unknown[] = []): Promise<T[]> =>
  app.app.get(DataSource).query(statement, parameters);
const makeDue = () => sql(`update notifications set not_before = now()`);
const inspect = async (id: number) => (await queue.get(`/discord/events/${id}`)).body.event as Record<string, unknown>;
const mark = (id: number | string, what: string, body?: unknown) => queue.post(`/discord/events/${id}/${what}`, body);
afterEach(() => sql('truncate notifications, notification_attempts'));

describe('POST /discord/events/:id/processed and /failed', { timeout: 60_000 }, () => {
  it('answer as consumers know them', async () => {
    const [good, bad] = [await queue.publish(), await queue.publish()];
    await queue.events();
    expect(await mark(good, 'processed')).toMatchObject({
      status: 200,
      body: { success: true, event_id: good, status: 'processed' },
    });
    expect(await mark(bad, 'failed', { error_message: 'x' })).toMatchObject({
      status: 200,
      body: { success: true, event_id: bad, status: 'failed' },
    });
    expect(await inspect(good)).toEqual({
      id: good,
      user_id: '100000000000000001',
      event_type: 'backup_error',
      payload: { error_message: 'disk full' },
      created_at: isoTime,
      attempts: 0,
      last_attempt: isoTime,
      error_message: null,
      processed: true,
      status: 'processed',
      delivery: 'pull',
      consumer: null,
    });
    expect(await inspect(bad)).toMatchObject({ status: 'pending', processed: false, attempts: 1, error_message: 'x' });
  });

  it('say 409 of what is processed already, and count nothing', async () => {
    const id = await queue.publish();
    await queue.events();
    await mark(id, 'processed');
    expect(await mark(id, 'processed')).toMatchObject({ status: 409, body: anError });
    expect(await mark(id, 'failed', {})).toMatchObject({ status: 409, body: anError });
    expect(await inspect(id)).toMatchObject({ processed: true, attempts: 0, error_message: null });
  });

  it('take a late `processed` without a lease, also of an event that was given up', async () => {
    const id = await queue.publish();
    expect((await mark(id, 'failed', { error_message: 'Usuario no encontrado' })).status).toBe(200);
    expect(await inspect(id)).toMatchObject({ status: 'failed', attempts: 1 });
    expect((await mark(id, 'processed')).status).toBe(200);
    expect(await inspect(id)).toMatchObject({ status: 'processed', attempts: 1 });
  });

  it('end the lease with a failure, and offer the event again after the wait of the schedule', async () => {
    const id = await queue.publish();
    await queue.events();
    await mark(id, 'failed', { error_message: 'Discord is down' });
    expect(await queue.ids()).toEqual([]);
    await makeDue();
    expect(await queue.events()).toMatchObject([
      { id, attempts: 1, last_attempt: isoTime, error_message: 'Discord is down' },
    ]);
  });

  it.each([
    'Usuario no encontrado',
    'Tipo desconocido: custom_event',
    '404 Not Found (error code: 10013): Unknown User',
    '403 Forbidden (error code: 50007): Cannot send messages to this user',
  ])('give up at once after %j', async (error_message) => {
    const id = await queue.publish();
    await mark(id, 'failed', { error_message });
    expect(await inspect(id)).toMatchObject({ status: 'failed', error_message });
    await makeDue();
    expect(await queue.ids()).toEqual([]);
  });

  it('take a failure without a message, without a body, and with a long one', async () => {
    const id = await queue.publish();
    for (const body of [undefined, {}, { error_message: null }]) {
      expect((await mark(id, 'failed', body)).status).toBe(200);
      expect(await inspect(id)).toMatchObject({ error_message: null });
    }
    expect((await mark(id, 'failed', { error_message: 'y\0'.repeat(5_000) })).status).toBe(200);
    expect((await inspect(id)).error_message).toHaveLength(1_000);
    expect(await mark(id, 'failed', { error_message: 'x'.repeat(1_000_000) })).toMatchObject({
      status: 413,
      body: anError,
    });
    expect(await inspect(id)).toMatchObject({ attempts: 4, status: 'failed' });
  });

  it.each([
    ['broken JSON', '{"error_message": '],
    ['a list', []],
    ['a text', '"x"'],
    ['a message that is no text', { error_message: 5 }],
    ['a token that is none', { lease_token: 'x' }],
  ])('refuse %s with 400', async (_what, body) => {
    const id = await queue.publish();
    expect(await mark(id, 'failed', body)).toMatchObject({ status: 400, body: anError });
    expect(await inspect(id)).toMatchObject({ attempts: 0 });
  });

  it('refuse a body that is not JSON, rather than lose what it says', async () => {
    const id = await queue.publish();
    const headers = { 'content-type': 'text/plain' };
    expect(await queue.post(`/discord/events/${id}/failed`, 'x', { headers })).toMatchObject({
      status: 400,
      body: anError,
    });
    expect((await queue.ask('POST', `/discord/events/${id}/processed`, { headers })).status).toBe(200);
  });

  it.each(['0', '999999', '-1', 'abc', '1.5', '9'.repeat(40), '%00', '%E0%A4%A', '1%20or%201=1'])(
    'know no event %s',
    async (id) => {
      const statuses = id === '%E0%A4%A' ? [400] : [404];
      for (const answer of [
        await mark(id, 'processed'),
        await mark(id, 'failed', {}),
        await mark(id, 'retry'),
        await queue.get(`/discord/events/${id}`),
        await queue.ask('DELETE', `/discord/events/${id}`),
      ]) {
        expect(statuses).toContain(answer.status);
        expect(answer.body).toEqual(anError);
      }
    },
  );
});

describe('events that were given up', { timeout: 60_000 }, () => {
  const giveUp = async (): Promise<number> => {
    const id = await queue.publish();
    await mark(id, 'failed', { error_message: 'Usuario no encontrado' });
    return id;
  };

  it('are listed newest first, in pages', async () => {
    const ids = [await giveUp(), await giveUp(), await giveUp()].reverse();
    await queue.publish();
    const list = async (query = '') => {
      const { body } = await queue.get(`/discord/events/failed${query}`);
      expect(body).toMatchObject({ success: true, timestamp: isoTime });
      return (body.events as { id: number }[]).map(({ id }) => id);
    };
    expect(await list()).toEqual(ids);
    expect(await list('?limit=2')).toEqual(ids.slice(0, 2));
    expect(await list(`?before=${ids[1]}`)).toEqual(ids.slice(2));
    expect((await queue.get('/discord/events/failed?limit=-1')).status).toBe(400);
    expect((await queue.get('/discord/events/failed?before=x')).status).toBe(400);
  });

  it('are tried again as if they were new', async () => {
    const id = await giveUp();
    expect(await mark(id, 'retry')).toMatchObject({
      status: 200,
      body: { success: true, event_id: id, status: 'pending' },
    });
    expect(await queue.events()).toMatchObject([{ id, attempts: 0, error_message: null, last_attempt: isoTime }]);
  });

  it('are not tried again while they are being delivered, or when they were', async () => {
    const id = await queue.publish();
    await queue.events();
    expect(await mark(id, 'retry')).toMatchObject({ status: 409, body: anError });
    await mark(id, 'processed');
    expect(await mark(id, 'retry')).toMatchObject({ status: 409, body: anError });
  });

  it('can be deleted', async () => {
    const id = await giveUp();
    expect(await queue.ask('DELETE', `/discord/events/${id}`)).toMatchObject({
      status: 200,
      body: { success: true, event_id: id, status: 'deleted' },
    });
    expect((await queue.get(`/discord/events/${id}`)).status).toBe(404);
  });
});

describe('the queue as a whole', { timeout: 60_000 }, () => {
  it('is counted as the reference counts, and more', async () => {
    const [done, dead, leased, late] = [
      await queue.publish(),
      await queue.publish(),
      await queue.publish(),
      await queue.publish(),
    ];
    await mark(done, 'processed');
    await mark(dead, 'failed', { error_message: 'Usuario no encontrado' });
    expect(await queue.ids('?limit=1')).toEqual([leased]);
    await mark(late, 'failed', { error_message: 'later' });
    await queue.publish();
    await sql(
      `insert into notifications (target, type, payload, nonce, publisher, not_before)
       values ('{"userId":"10000"}', 'x', '{}', 'n', 't', now() + interval '1 hour')`,
    );
    await sql(
      `insert into notifications (target, type, payload, nonce, publisher) values ('{"channelId":"1"}','x','{}','n','t')`,
    );
    await sql(`update notifications set created_at = now() - interval '100 seconds' where id = $1`, [leased]);
    await sql(`update notifications set created_at = now() - interval '900 seconds' where id = $1`, [dead]);
    const { status, body } = await queue.get('/discord/stats');
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      stats: {
        total: 6,
        pending: 5,
        processed: 1,
        failed: 1,
        deliverable: 1,
        leased: 1,
        oldest_pending_age_s: expect.closeTo(100, -2) as number,
      },
      config: {
        user_id: false,
        user_id_value: null,
        webhook_url: true,
        webhook_url_value: '***/webhook/megacmd',
        codespace_name: null,
        codespace_url: null,
        is_valid: true,
      },
      sources: [],
      timestamp: isoTime,
    });
    expect((body.stats as { oldest_pending_age_s: number }).oldest_pending_age_s).toBeGreaterThanOrEqual(100);
    expect(JSON.stringify(body)).not.toContain('s3cret');
  });

  it('is empty without an age', async () => {
    const { body } = await queue.get('/discord/stats');
    expect(body.stats).toMatchObject({ total: 0, pending: 0, oldest_pending_age_s: null });
  });

  it('is cleaned of processed events that are old, and of nothing else', async () => {
    const [old, young, dead, waiting] = [
      await queue.publish(),
      await queue.publish(),
      await queue.publish(),
      await queue.publish(),
    ];
    await mark(old, 'processed');
    await mark(young, 'processed');
    await mark(dead, 'failed', { error_message: 'Usuario no encontrado' });
    await sql(`update notifications set created_at = now() - interval '8 days' where id <> $1`, [young]);
    for (const days of ['-1', 'abc', '', '1.5', '36501', '99999999999999999999']) {
      expect(await queue.post(`/discord/cleanup?days=${days}`)).toMatchObject({ status: 400, body: anError });
    }
    expect(await queue.post('/discord/cleanup?days=9')).toMatchObject({ body: { deleted_count: 0, days: 9 } });
    expect(await queue.post('/discord/cleanup')).toMatchObject({
      status: 200,
      body: { success: true, deleted_count: 1, days: 7 },
    });
    expect(await queue.post('/discord/cleanup?days=0')).toMatchObject({ body: { deleted_count: 1, days: 0 } });
    const left = await sql<{ id: string }>('select id from notifications order by id');
    expect(left.map(({ id }) => Number(id))).toEqual([dead, waiting]);
  });

  it('says at GET / what there is, to those who ask for JSON', async () => {
    const { status, body } = await queue.get('/', { headers: { accept: 'application/json' }, key: null });
    expect(status).toBe(200);
    expect(body).toEqual({
      service: expect.any(String) as string,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      endpoints: expect.arrayContaining([
        'GET /discord/health',
        'GET /discord/events',
        'POST /discord/events/:id/processed',
        'POST /discord/events/:id/failed',
        'GET /discord/stats',
        'POST /discord/cleanup',
        'POST /webhook/megacmd',
      ]) as string[],
    });
    const page = await queue.get('/', { headers: { accept: 'text/html,*/*;q=0.8' }, key: null });
    expect(page.headers.get('content-type')).toMatch(/text\/html/);
  });

  it('answers unknown paths and wrong methods in its own form', async () => {
    for (const [method, path] of [
      ['GET', '/discord'],
      ['GET', '/discord/nothing'],
      ['PUT', '/discord/events'],
      ['GET', '/discord/cleanup'],
      ['GET', '/webhook/megacmd'],
    ] as const) {
      expect(await queue.ask(method, path)).toMatchObject({ status: 404, body: anError });
    }
    expect((await queue.get('/discordant')).headers.get('content-type')).toMatch(/problem\+json/);
  });
});
