import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/queue/sources/backoff.js';
import { parseLenientJson } from '../../../src/queue/sources/lenient-json.js';
import { readOfferedEvent } from '../../../src/queue/sources/remote-event.js';

describe('JSON as Python writes it', () => {
  it.each([
    ['{"a":NaN,"b":[Infinity,-Infinity,-1,1e5]}', { a: null, b: [null, null, -1, 1e5] }],
    [String.raw`{"a":"NaN \" NaN \\","b":NaN,"c":"-Infinity"}`, { a: 'NaN " NaN \\', b: null, c: '-Infinity' }],
    ['[NaN]', [null]],
    ['NaN', null],
    ['{"NaN":"Infinity"}', { NaN: 'Infinity' }],
  ])('reads %s', (text, value) => expect(parseLenientJson(text)).toEqual(value));

  it.each(['', '{"a":NaNa}', '{"a":Na}', '{NaN:1}', '"NaN', '{"a":--Infinity}', '[NaN'])('refuses %s', (text) => {
    expect(() => parseLenientJson(text)).toThrow(SyntaxError);
  });

  it('is read in one walk, however it is broken', () => {
    const hostile = `NaN${'"\\"'.repeat(300_000)}`;
    expect(() => parseLenientJson(hostile)).toThrow(SyntaxError);
  });
});

describe('an offered event', () => {
  const event = {
    id: 7,
    user_id: '100000000000000001',
    event_type: 'backup_error',
    payload: { a: 1 },
    created_at: '2026-11-22T12:00:00.123456',
    attempts: 2,
    last_attempt: null,
    error_message: null,
  };
  const content = { userId: '100000000000000001', type: 'backup_error', payload: { a: 1 } };

  it('is read from a source that is only read, and from one with leases', () => {
    const read = { remoteId: '7', key: '7@2026-11-22T12:00:00.123456', leaseToken: null, attempts: 2, content };
    expect(readOfferedEvent(event)).toEqual(read);
    const leaseToken = '3f2c1a52-9df0-4b0c-8a57-0d6a4a7c9d11';
    expect(readOfferedEvent({ ...event, id: '7', lease_token: leaseToken })).toEqual({ ...read, leaseToken });
    expect(readOfferedEvent({ ...event, user_id: 100000000000001 })).toMatchObject({
      content: { userId: '100000000000001' },
    });
  });

  it('is another one when it was made at another time', () => {
    const key = (created_at: unknown): string => readOfferedEvent({ ...event, created_at })!.key;
    const keys = ['2026-11-22T12:00:00', '2026-11-22T12:00:01', null, 5, { a: 1 }, 'x'.repeat(65), 'ñ'].map(key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const text of keys) expect(text).toMatch(/^7@[\x20-\x7e]{0,64}$/);
    expect(readOfferedEvent({ ...event, created_at: undefined })!.key).toBe('7@');
  });

  it('is read whatever stands where its time should be', () => {
    const endless = JSON.parse('['.repeat(500_000) + ']'.repeat(500_000)) as unknown;
    expect(readOfferedEvent({ ...event, created_at: endless })).toMatchObject({ remoteId: '7', content });
  });

  it.each([null, undefined, 5, 'x', [], {}, { id: null }, { id: -1 }, { id: 1.5 }, { id: '1; drop' }, { id: 2 ** 60 }])(
    'is nothing that could be marked without an id: %j',
    (value) => expect(readOfferedEvent(value)).toBeUndefined(),
  );

  it.each([
    [{ user_id: undefined }, 'user_id: must be a Discord id'],
    [{ user_id: 2 ** 60 }, 'user_id: must be a Discord id'],
    [{ user_id: '12345 ' }, 'user_id: must be a Discord id'],
    [{ event_type: 'x'.repeat(65) }, 'event_type: must be 1 to 64 characters'],
    [{ event_type: 'a\nb' }, 'event_type: must be 1 to 64 characters'],
    [{ event_type: '  ' }, 'event_type: must not be blank'],
    [{ payload: null }, 'payload: must be an object'],
    [{ payload: 'canary' }, 'payload: must be an object'],
  ])('says what is wrong with it, and nothing of what is in it: %j', (wrong, fault) => {
    const read = readOfferedEvent({ ...event, ...wrong });
    expect(read).toMatchObject({ remoteId: '7', content: { fault: expect.stringContaining(fault) as string } });
    expect(JSON.stringify(read?.content)).not.toContain('canary');
  });

  it('is not taken for one that was put right by somebody when it does not tell its tries', () => {
    expect(readOfferedEvent({ ...event, attempts: undefined })?.attempts).toBe(1);
    expect(readOfferedEvent({ ...event, attempts: 'none' })?.attempts).toBe(1);
    expect(readOfferedEvent({ ...event, attempts: 0 })?.attempts).toBe(0);
    expect(readOfferedEvent({ ...event, lease_token: 'no token' })?.leaseToken).toBeNull();
  });
});

describe('how long a source is left alone', () => {
  it('doubles up to five minutes, with a little chance, and begins anew after a success', () => {
    let now = 0;
    const backoff = new Backoff(
      30_000,
      () => 0.5,
      () => now,
    );
    expect([backoff.remaining, backoff.troubled]).toEqual([0, false]);
    const waits = Array.from({ length: 6 }, () => {
      backoff.failed();
      return Math.round(backoff.remaining);
    });
    expect(waits).toEqual([30, 60, 120, 240, 300, 300].map((seconds) => seconds * 1_100));
    now += 100_000;
    expect(Math.round(backoff.remaining)).toBe(230_000);
    backoff.succeeded();
    expect([backoff.remaining, backoff.troubled]).toEqual([0, false]);
    backoff.failed(90_000);
    expect(backoff.remaining).toBe(90_000);
  });

  it('is never shorter than the interval, also one of an hour', () => {
    const backoff = new Backoff(
      3_600_000,
      () => 0,
      () => 0,
    );
    backoff.failed();
    backoff.failed();
    expect(backoff.remaining).toBe(3_600_000);
  });
});
