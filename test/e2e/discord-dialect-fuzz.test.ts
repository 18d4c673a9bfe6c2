import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventQueueClient, type QueueAnswer } from '../support/event-queue-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Whatever it was, it was the caller's mistake or none at all, and said so in the dialect's form. */
function expectSensible({ status, body }: QueueAnswer): void {
  expect([200, 201, 400, 404, 409, 413, 415, 422]).toContain(status);
  if (status >= 400) expect(body).toEqual({ success: false, error: expect.any(String) as string });
  else expect(body.success).toBe(true);
}

const nasty = fc.constantFrom(
  ...[
    '',
    '0',
    '-0',
    '-1',
    '1',
    '00',
    '1e3',
    '1.0',
    '0x1',
    'NaN',
    'Infinity',
    'null',
    'true',
    '[]',
    '{}',
    "'",
    '"',
    ';--',
  ],
  ...['2147483647', '2147483648', '9223372036854775807', '9223372036854775808', '999999999999999999', '1'.repeat(400)],
  ...['\0', '\ufeff', '\ud83d\ude00', '\ud800', '../..', '%', '%00', 'ñ', ' ', '\n', '\u2028', '__proto__'],
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 40 }));
const value = fc.oneof(text, fc.jsonValue({ maxDepth: 4 }), fc.double(), fc.constant('100000000000000001'));
/** As browsers and curl would: halves of pairs cannot be written. */
const encoded = (given: string) => encodeURIComponent(given.replace(/[\ud800-\udfff]/g, '\ufffd'));
const queryOf = (...names: string[]) =>
  fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...names), text), text), { maxLength: 4 })
    .map((pairs) => pairs.map(([name, given]) => `${encoded(name)}=${encoded(given)}`).join('&'));
const bodyOf = (...names: string[]) =>
  fc.oneof(
    fc.dictionary(fc.constantFrom(...names), value, { maxKeys: names.length }).map((body) => JSON.stringify(body)),
    fc.jsonValue().map((body) => JSON.stringify(body)),
    text,
  );

describe('the event queue dialect answers no 500', { timeout: 60_000 }, () => {
  let app: TestApp;
  let queue: EventQueueClient;
  beforeAll(async () => {
    const fast = '1000000';
    app = await startTestApp({ RATE_LIMIT_HTTP_PER_MINUTE: fast, RATE_LIMIT_PUBLISH_PER_MINUTE: fast });
    queue = new EventQueueClient(app.url);
    for (let i = 0; i < 20; i += 1) await queue.publish();
  });
  afterAll(() => app.close());

  const check = <T>(arbitrary: fc.Arbitrary<T>, ask: (given: T) => Promise<QueueAnswer>) =>
    fc.assert(
      fc.asyncProperty(arbitrary, async (given) => expectSensible(await ask(given))),
      { numRuns: 80, endOnFailure: true, examples: [] },
    );

  it(
    'to any query of a poll',
    () =>
      check(queryOf('limit', 'max_attempts', 'lease_seconds', 'consumer'), (query) =>
        queue.get(`/discord/events?${query}`),
      ),
    60_000,
  );

  it('to any query elsewhere', async () => {
    await check(queryOf('limit', 'before'), (query) => queue.get(`/discord/events/failed?${query}`));
    await check(queryOf('days'), (query) => queue.post(`/discord/cleanup?${query}`));
    await check(queryOf('lease_token'), (query) => queue.post(`/discord/events/1/processed?${query}`));
  }, 60_000);

  it(
    'to any event',
    () =>
      check(bodyOf('user_id', 'event_type', 'payload', 'guild_id', 'delivery'), (body) =>
        queue.post('/discord/events', body),
      ),
    60_000,
  );

  it('to any event that is nearly right', () => {
    const event = fc.record({
      user_id: fc.constantFrom('100000000000000001', '00000', '99999999999999999999'),
      event_type: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }), fc.constant('backup_error')),
      payload: fc.dictionary(text, value, { maxKeys: 5 }),
    });
    return check(event, (body) => queue.post('/discord/events', body));
  }, 60_000);

  it(
    'to any report',
    () =>
      check(bodyOf('user_id', 'error_type', 'error_message', 'codespace_name', 'timestamp'), (body) =>
        queue.post('/webhook/megacmd', body),
      ),
    60_000,
  );

  it('to any mark of any event', async () => {
    const id = fc.oneof(
      text.filter((given) => !['', '.', '..', 'failed'].includes(given)),
      fc.integer({ min: -1, max: 25 }).map(String),
    );
    const what = fc.constantFrom('processed', 'failed', 'retry');
    await check(fc.tuple(id, what, bodyOf('error_message', 'lease_token')), ([given, mark, body]) =>
      queue.post(`/discord/events/${encoded(given)}/${mark}`, body),
    );
    await check(id, (given) => queue.get(`/discord/events/${encoded(given)}`));
    await check(id, (given) => queue.ask('DELETE', `/discord/events/${encoded(given)}`));
  }, 60_000);

  it('and still serves', async () => {
    const id = await queue.publish();
    expect(await queue.ids('?lease_seconds=0&limit=100&max_attempts=100')).toContain(id);
    expect((await queue.get('/discord/stats')).status).toBe(200);
  });
});
