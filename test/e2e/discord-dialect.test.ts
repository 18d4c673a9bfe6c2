import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { EventQueueClient } from '../support/event-queue-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const anError = { success: false, error: expect.any(String) as string };

let app: TestApp;
let queue: EventQueueClient;
beforeAll(async () => {
  app = await startTestApp({ QUEUE_RETRY_SCHEDULE: '5,30' });
  queue = new EventQueueClient(app.url);
});
afterAll(() => app.close());

const sql = <T>(statement: string, parameters: unknown[] = []): Promise<T[]> =>
  app.app.get(DataSource).query(statement, parameters);
const expireAll = () => sql(`update notifications set lease_until = now() - interval '1 second'`);
const makeDue = () => sql(`update notifications set not_before = now()`);
const inspect = async (id: number) => (await queue.get(`/discord/events/${id}`)).body.event as Record<string, unknown>;
afterEach(() => sql('truncate notifications, notification_attempts'));

describe('publishing', { timeout: 60_000 }, () => {
  const event = { user_id: '100000000000000001', event_type: 'backup_error', payload: { error_message: 'x' } };
  const publish = (body: unknown, key?: string) =>
    queue.post('/discord/events', body, key === undefined ? {} : { headers: { 'idempotency-key': key } });

  it('answers 201 with the id as a number, and the event is there for consumers', async () => {
    const { status, body } = await publish(event);
    expect([status, body]).toEqual([201, { success: true, event_id: expect.any(Number) as number }]);
    expect(await queue.events()).toEqual([
      { id: body.event_id, ...event, created_at: isoTime, attempts: 0, last_attempt: null, error_message: null },
    ]);
  });

  it('answers 200 with the same id to the same key and body, also after processing, and 422 to another body', async () => {
    const first = await publish(event, 'backup-1');
    expect(first.status).toBe(201);
    expect(await publish(event, 'backup-1')).toMatchObject({ status: 200, body: first.body });
    await queue.post(`/discord/events/${String(first.body.event_id)}/processed`);
    expect(await publish(event, 'backup-1')).toMatchObject({ status: 200, body: first.body });
    expect(await publish({ ...event, event_type: 'other' }, 'backup-1')).toMatchObject({ status: 422, body: anError });
  });

  it('makes one event of fifty with the same key at once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => publish(event, 'fifty')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(new Set(answers.map(({ body }) => body.event_id)).size).toBe(1);
    expect(await sql('select 1 from notifications')).toHaveLength(1);
  });

  it('takes what a Python publisher writes: escapes, local times, fields of its own', async () => {
    const written =
      '{"user_id": "100000000000000001", "event_type": "custom event \\u00f1", "source": "d0ce3", "payload": ' +
      '{"error_message": "Error en compresi\\u00f3n \\ud83d\\udce6 \\ud800 \\u0000", "codespace_name": "Desconocido", ' +
      '"timestamp": "2025-11-27T10:00:00.123456", "backup_file": null, "size_mb": 150.57, "big": 12345678901}}';
    expect((await publish(written)).status).toBe(201);
    expect(await queue.events()).toMatchObject([
      {
        event_type: 'custom event ñ',
        payload: {
          error_message: 'Error en compresión 📦 \ufffd \ufffd',
          codespace_name: 'Desconocido',
          timestamp: '2025-11-27T10:00:00.123456',
          backup_file: null,
          size_mb: 150.57,
          big: 12_345_678_901,
        },
      },
    ]);
  });

  it.each([
    ['a user_id that is a number', { ...event, user_id: 100_000_000_000_000_000 }],
    ['a user_id without digits', { ...event, user_id: 'ada' }],
    ['no user_id', { ...event, user_id: undefined }],
    ['no event_type', { ...event, event_type: undefined }],
    ['an empty event_type', { ...event, event_type: '  ' }],
    ['control characters in event_type', { ...event, event_type: 'a\0' }],
    ['a long event_type', { ...event, event_type: 'x'.repeat(65) }],
    ['no payload', { ...event, payload: undefined }],
    ['a payload that is a list', { ...event, payload: [] }],
    ['a payload that is a text', { ...event, payload: '{}' }],
    ['an unknown guild', { ...event, guild_id: '900000000000000009' }],
    ['an unknown delivery', { ...event, delivery: 'carrier pigeon' }],
    ['a list', [event]],
    ['broken JSON', '{"user_id": '],
    ['NaN, as Python writes it', '{"user_id": "100000000000000001", "event_type": "x", "payload": {"size": NaN}}'],
    ['nothing', undefined],
    ['a deep payload', `{"user_id":"100000","event_type":"x","payload":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`],
  ])('refuses %s with 400', async (_what, body) => {
    expect(await publish(body)).toMatchObject({ status: 400, body: anError });
    expect(await sql('select 1 from notifications')).toEqual([]);
  });

  it('refuses a bad Idempotency-Key with 400 and an oversize payload with 413', async () => {
    expect(await publish(event, 'x'.repeat(256))).toMatchObject({ status: 400, body: anError });
    expect(await publish({ ...event, payload: { a: 'x'.repeat(70_000) } })).toMatchObject({
      status: 413,
      body: anError,
    });
    expect(await publish({ ...event, payload: { a: 'x'.repeat(200_000) } })).toMatchObject({
      status: 413,
      body: anError,
    });
  });

  it('tells the guild’s room, and says `delivered` only once the consumer has', async () => {
    const { body } = await queue.get('/api/v1/guilds');
    const { id: guild_id } = (body.guilds as { id: string }[])[1]!;
    const told: string[] = [];
    const off = app.log.subscribe((happening) => void (happening.guildId === guild_id && told.push(happening.type)));
    const id = await queue.publish({ guild_id });
    await queue.events();
    await expect.poll(() => told).toEqual(['notification.accepted']);
    await queue.post(`/discord/events/${id}/processed`);
    await expect.poll(() => told).toEqual(['notification.accepted', 'notification.delivered']);
    off();
  });
});

describe('POST /webhook/megacmd', { timeout: 60_000 }, () => {
  const report = {
    user_id: '100000000000000001',
    error_type: 'backup_upload',
    error_message: 'MEGA está lleno',
    codespace_name: 'fluffy-disco',
    timestamp: '2025-11-27T10:00:00.123456',
  };

  it('answers exactly 200 and stores a backup_error', async () => {
    const { status, body } = await queue.post('/webhook/megacmd', report);
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, status: 'success' });
    const { user_id, ...payload } = report;
    expect(await queue.events()).toMatchObject([{ id: body.event_id, user_id, event_type: 'backup_error', payload }]);
  });

  it('takes a report without what is not known, and refuses one that nobody would get', async () => {
    expect((await queue.post('/webhook/megacmd', { user_id: report.user_id, codespace_name: null })).status).toBe(200);
    for (const body of [undefined, {}, { ...report, user_id: 1 }, { ...report, error_message: {} }]) {
      expect(await queue.post('/webhook/megacmd', body)).toMatchObject({ status: 400, body: anError });
    }
  });
});

describe('polling', { timeout: 60_000 }, () => {
  it('keeps what it gave from the next who polls, and looks only with lease_seconds=0 or HEAD', async () => {
    const ids = [await queue.publish(), await queue.publish()];
    expect(await queue.ids('?lease_seconds=0')).toEqual(ids);
    await queue.ask('HEAD', '/discord/events');
    const { body, headers } = await queue.get('/discord/events');
    expect(body).toMatchObject({ success: true, count: 2, timestamp: isoTime });
    expect(headers.get('cache-control')).toBe('no-store');
    expect((body.events as { id: number }[]).map(({ id }) => id)).toEqual(ids);
    expect(await queue.ids()).toEqual([]);
    expect(await queue.ids('?lease_seconds=0')).toEqual([]);
    await expireAll();
    expect(await queue.events()).toMatchObject([{ attempts: 1, last_attempt: isoTime }, { attempts: 1 }]);
  });

  it('gives tokens with named leases, and takes them in the body or in the query', async () => {
    const ids = [await queue.publish(), await queue.publish()];
    const [one, two] = await queue.events('?lease_seconds=60&consumer=bot-1');
    expect(await inspect(one!.id)).toMatchObject({
      status: 'leased',
      consumer: 'bot-1',
      lease_until: one!.lease_until,
    });
    for (const id of ids) {
      expect(await queue.post(`/discord/events/${id}/processed`)).toMatchObject({ status: 409, body: anError });
      expect(await queue.post(`/discord/events/${id}/failed`, {})).toMatchObject({ status: 409, body: anError });
    }
    const { id, lease_token } = one!;
    expect((await queue.post(`/discord/events/${id}/processed`, { lease_token })).status).toBe(200);
    expect((await queue.post(`/discord/events/${two!.id}/failed?lease_token=${two!.lease_token}`)).status).toBe(200);
    expect((await queue.post(`/discord/events/${id}/processed?lease_token=nonsense`)).status).toBe(400);
  });

  it('cuts a limit above 100 to 100, and gives none for 0', async () => {
    await sql(
      `insert into notifications (target, type, payload, nonce, publisher, delivery)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 'tester', 'pull' from generate_series(1, 120) n`,
    );
    expect(await queue.ids('?lease_seconds=0')).toHaveLength(50);
    expect(await queue.ids('?lease_seconds=0&limit=101')).toHaveLength(100);
    expect(await queue.ids('?lease_seconds=0&limit=99999999999999999999')).toHaveLength(100);
    expect(await queue.ids('?limit=0')).toEqual([]);
    expect(await queue.ids('?limit=7')).toHaveLength(7);
  });

  it.each([
    ...['-1', 'abc', '', '1.5', '1e2', 'NaN', ' 1', '0x10'].flatMap((wrong) => [
      `limit=${wrong}`,
      `max_attempts=${wrong}`,
      `lease_seconds=${wrong}`,
    ]),
    'limit=1&limit=2',
    'lease_seconds=3601',
    'consumer=',
    'consumer=%00',
  ])('refuses ?%s with 400', async (query) => {
    expect(await queue.get(`/discord/events?${query}`)).toMatchObject({ status: 400, body: anError });
  });

  it('reads max_attempts as the caller’s own: 1 hides what failed once, 10 offers what is dead for us', async () => {
    const id = await queue.publish();
    await queue.post(`/discord/events/${id}/failed`, { error_message: 'x' });
    await makeDue();
    expect(await queue.ids('?lease_seconds=0&max_attempts=1')).toEqual([]);
    expect(await queue.ids('?lease_seconds=0')).toEqual([id]);
    await queue.post(`/discord/events/${id}/failed`, { error_message: 'x' });
    await makeDue();
    expect(await queue.ids('?lease_seconds=0&max_attempts=3')).toEqual([id]);
    await queue.post(`/discord/events/${id}/failed`, { error_message: 'x' });
    await makeDue();
    expect(await queue.ids('?lease_seconds=0')).toEqual([]);
    expect(await queue.ids('?lease_seconds=0&max_attempts=3')).toEqual([]);
    expect(await queue.ids('?max_attempts=10')).toEqual([id]);
  });

  it('gives rows for people alone, and is broken by no bad row', async () => {
    const insert = (target: string, type: string, payload: string) =>
      sql(
        `insert into notifications (target, type, payload, nonce, publisher, delivery)
         values ($1::jsonb, $2, $3::jsonb, 'n', 'somebody', 'pull')`,
        [target, type, payload],
      );
    await insert('{"channelId":"10000"}', 'x', '{}');
    await insert('{"userId":5}', 'x', '{}');
    await insert('{}', 'x', '{}');
    await insert('null', 'x', '{}');
    await insert('{"userId":"nobody"}', '', '[1]');
    await insert('{"userId":"10000"}', 'x', '"text"');
    await insert('{"userId":"10000"}', 'x', '{"huge":1e400}');
    const good = await queue.publish();
    const events = await queue.events();
    expect(events).toMatchObject([
      { user_id: 'nobody', event_type: '', payload: { value: [1] } },
      { user_id: '10000', payload: { value: 'text' } },
      { user_id: '10000', payload: {} },
      { id: good },
    ]);
  });

  it('hides from consumers what workers push', async () => {
    const id = await queue.publish({ delivery: 'push' });
    expect(await queue.ids()).toEqual([]);
    expect(await queue.post(`/discord/events/${id}/processed`)).toMatchObject({ status: 409, body: anError });
    expect(await inspect(id)).toMatchObject({ delivery: 'push', processed: false });
  });
});
