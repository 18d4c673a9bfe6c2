import { describe, expect, it } from 'vitest';
import { type Fault } from '../../../src/domain/fault.js';
import { canonicalHash, canonicalJson, storableJson, storedJson } from '../../../src/queue/canonical-json.js';

describe('canonical JSON', () => {
  it('is the same text whatever the order of the keys', () => {
    const one = { b: [1, { y: null, x: 'é' }], a: true, gone: undefined };
    const other = { a: true, b: [1, { x: 'é', y: null }] };
    expect(canonicalJson(one)).toBe('{"a":true,"b":[1,{"x":"é","y":null}]}');
    expect(canonicalHash(one)).toBe(canonicalHash(other));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: {} }, { a: [] }],
    [{ a: null }, {}],
    [{ 'a"': 1 }, { a: 1 }],
  ])('tells %j from %j', (one, other) => {
    expect(canonicalHash(one)).not.toBe(canonicalHash(other));
  });

  it('keeps a key named __proto__ apart', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  it('refuses what is nested too deep, without exhausting the stack', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(canonicalJson(nested(30))).toHaveLength(60);
    expect(() => canonicalJson(nested(100_000))).toThrow(expect.objectContaining({ code: 'request.invalid' }) as Fault);
  });
});

describe('storable JSON', () => {
  it.each([
    ['a NUL', { a: 'x\u0000y' }, { a: 'x\ufffdy' }],
    ['halves of pairs', { '\ud800': '\udfff!' }, { '\ufffd': '\ufffd!' }],
    ['whole pairs and a replacement character', { a: '😀\ufffd' }, { a: '😀\ufffd' }],
    ['text that only looks like an escape', { a: '\\u0000 \\\\ud800 \n\t"' }, { a: '\\u0000 \\\\ud800 \n\t"' }],
  ])('cleans %s', (_name, value, clean) => {
    expect(JSON.parse(storableJson(JSON.stringify(value)))).toEqual(clean);
  });
});

describe('stored JSON', () => {
  it('has shorter keys first, and what the database does not take replaced', () => {
    const value = { zz: [{ bb: 1, a: 2 }], é: 'x\u0000', b: null, aa: '\ud800', gone: undefined };
    expect(storedJson(value)).toBe('{"b":null,"aa":"\ufffd","zz":[{"a":2,"bb":1}],"é":"x\ufffd"}');
  });

  it('refuses what is nested too deep', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(() => storedJson(deep)).toThrow(expect.objectContaining({ code: 'request.invalid' }) as Fault);
  });
});
