import { describe, expect, it } from 'vitest';
import { fittedPayload } from '../../../src/queue/hooks/fitted-payload.js';

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const field = (name: string, value: string) => ({ name, value, inline: true });

describe('what a hook tells', () => {
  it('stays as it is where there is room', () => {
    const payload = { title: 't', message: 'm'.repeat(9_000), labels: { a: 'b' } };
    expect(fittedPayload(payload, 10_000)).toBe(payload);
  });

  it('loses no more than it has to, and says so', () => {
    const payload = { title: 'short', message: 'm'.repeat(9_000), fields: [field('n', 'v'.repeat(3_000))] };
    expect(fittedPayload(payload, 8_000)).toEqual({ ...payload, message: `${'m'.repeat(4_095)}…` });
    const less = fittedPayload(payload, 3_000);
    expect(less.message).toBe(`${'m'.repeat(1_023)}…`);
    expect(less.fields).toEqual([field('n', `${'v'.repeat(1_023)}…`)]);
    expect(less.title).toBe('short');
  });

  it('fits with characters of many bytes, and with many labels of long names', () => {
    const wide = { title: '\u{1f600}'.repeat(5_000), message: '\u0001'.repeat(5_000) };
    expect(bytes(fittedPayload(wide, 2_000))).toBeLessThanOrEqual(2_000);
    const labels = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}${'k'.repeat(500)}`, 'v']));
    const fitted = fittedPayload({ title: 't', labels }, 3_000);
    expect(bytes(fitted)).toBeLessThanOrEqual(3_000);
    expect(Object.keys(fitted.labels as object)).toHaveLength(25);
  });

  it('keeps numbers, nothing and a key named __proto__ as they are', () => {
    const odd = JSON.parse('{"title":"t","n":1,"none":null,"__proto__":{"a":"b"}}') as { title: string };
    const fitted = fittedPayload({ ...odd, message: 'm'.repeat(5_000) }, 200);
    expect(JSON.stringify(fitted)).toContain('"n":1,"none":null,"__proto__":{"a":"b"}');
    expect(Object.getPrototypeOf(fitted)).toBe(Object.prototype);
  });
});
