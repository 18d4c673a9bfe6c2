import { describe, expect, it } from 'vitest';
import { alertAnnouncement } from '../../../src/domain/alert-announcement.js';
import { alertName, alertTerms, longestAlertData, settleTerms } from '../../../src/domain/alert-rule.js';
import { figureNames, isFigureName } from '../../../src/domain/figures/index.js';

const simple = { figure: 'online', above: 50 };
const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });

function refusal(terms: unknown): string[] {
  const read = alertTerms.safeParse(terms);
  return read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the terms of an alert rule', () => {
  it('need a figure and a threshold, and have a usual choice for the rest', () => {
    expect(settleTerms(alertTerms.parse(simple))).toEqual({
      figure: 'online',
      side: 'above',
      threshold: 50,
      rearm: 45,
      forSeconds: 0,
      data: {},
      tellCleared: false,
      enabled: true,
    });
    expect(settleTerms(alertTerms.parse({ figure: 'silence', below: 20 }))).toMatchObject({
      side: 'below',
      threshold: 20,
      rearm: 22,
    });
    expect(settleTerms(alertTerms.parse({ figure: 'online', above: 0 }))).toMatchObject({ threshold: 0, rearm: 0 });
  });

  it.each([
    ['the threshold itself', { ...simple, rearm: 50 }],
    ['nothing at all', { ...simple, rearm: 0 }],
    ['the threshold itself, from below', { figure: 'members', below: 3, rearm: 3 }],
    ['data as large and as deep as may be', { ...simple, data: { a: nested(31), x: 'y'.repeat(15_000) } }],
    ['every figure', { ...simple, figure: figureNames.at(-1) }],
  ])('take %s', (_what, terms) => {
    expect(refusal(terms)).toEqual([]);
  });

  it.each([
    ['no threshold', { figure: 'online' }, 'above: either this or "below" must be given'],
    ['two thresholds', { ...simple, below: 3 }, 'above: either this or "below" must be given'],
    ['a rearm beyond the threshold', { ...simple, rearm: 51 }, 'rearm: must not be higher than "above"'],
    [
      'a rearm beyond it, from below',
      { figure: 'online', below: 5, rearm: 4 },
      'rearm: must not be lower than "below"',
    ],
    ['an unknown figure', { ...simple, figure: 'toString' }, /^figure: .*"online"/],
    ['a threshold that is text', { ...simple, above: '50' }, /^above: /],
    ['a threshold that nothing passes', { figure: 'online', below: 0 }, /^below: /],
    ['a negative threshold', { ...simple, above: -1 }, /^above: /],
    ['a threshold without an end', { ...simple, above: Infinity }, /^above: /],
    ['a negative rearm', { ...simple, rearm: -1 }, /^rearm: /],
    ['more than an hour', { ...simple, forSeconds: 3_601 }, /^forSeconds: /],
    ['a part of a second', { ...simple, forSeconds: 0.5 }, /^forSeconds: /],
    ['data that is no object', { ...simple, data: [1] }, /^data: /],
    [
      'too much data',
      { ...simple, data: { x: 'ü'.repeat(longestAlertData / 2) } },
      /^data: must be at most 15872 bytes/,
    ],
    ['data that is too deep', { ...simple, data: { in: nested(32) } }, 'data: must be nested 32 levels at most'],
    ['data in place of ours', { ...simple, data: { alert: 1 } }, 'data: must leave the key "alert" to us'],
    ['unknown keys', { ...simple, name: 'x' }, /name/],
    ['a switch that is text', { ...simple, enabled: 'no' }, /^enabled: /],
  ])('refuse %s', (_what, terms, words) => {
    expect(refusal(terms)).toEqual([typeof words === 'string' ? words : (expect.stringMatching(words) as unknown)]);
  });

  it('refuse data that would exhaust the stack', () => {
    const bomb = JSON.parse(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`) as unknown;
    expect(refusal({ ...simple, data: bomb })).toEqual(['data: must be nested 32 levels at most']);
  });
});

describe('the name of an alert rule', () => {
  it.each(['a', 'busy', 'Sehr voll', 'żółć-2.0', 'हिन्दी', 'x'.repeat(64)])('may be %s', (name) => {
    expect(alertName.parse(name)).toBe(name.normalize('NFC'));
  });

  it.each(['', ' a', 'a ', '-a', '..', 'a/b', 'a\nb', 'a\u0000b', 'x'.repeat(65), '\ud800'])(
    'may not be %j',
    (name) => {
      expect(alertName.safeParse(name).success).toBe(false);
    },
  );

  it('is the same however its letters are put together', () => {
    expect(alertName.parse('z\u0307')).toBe('\u017c');
  });
});

describe('what the room is told', () => {
  const at = new Date('2026-03-01T10:00:00.000Z');

  it('is what the operator wrote, and the alert', () => {
    const terms = settleTerms(alertTerms.parse({ ...simple, data: { text: 'It is getting busy', level: 2 } }));
    expect(alertAnnouncement({ rule: { name: 'busy', ...terms }, to: 'raised', value: 51 }, at)).toEqual({
      alert: { rule: 'busy', figure: 'online', value: 51, above: 50, state: 'raised', at: '2026-03-01T10:00:00.000Z' },
      text: 'It is getting busy',
      level: 2,
    });
  });

  it('is never larger than an announcement may be', () => {
    const data = { x: 'y'.repeat(longestAlertData - '{"x":""}'.length) };
    const terms = settleTerms(alertTerms.parse({ figure: 'messagesPerMinute', below: 0.1234567890123457, data }));
    const rule = { name: '𠀀'.repeat(64), ...terms };
    expect(alertName.safeParse(rule.name).success).toBe(true);
    const told = alertAnnouncement({ rule, to: 'cleared', value: Math.PI * 1e-7 }, at);
    expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThanOrEqual(16_384);
  });
});

it('figures go by their own names alone', () => {
  expect(figureNames).toEqual(['online', 'members', 'messagesPerMinute', 'silence']);
  expect([isFigureName('silence'), isFigureName('toString')]).toEqual([true, false]);
});
