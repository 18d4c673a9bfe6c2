import { describe, expect, it } from 'vitest';
import { type RenderedEmbed } from '../../../src/domain/notification.js';
import { shortForm } from '../../../src/queue/flood/short-form.js';
import { type Digest, digestType } from '../../../src/queue/types/digest.type.js';
import { builtInType } from '../../../src/queue/types/type-registry.js';

const from = '2026-01-02T03:04:05.678Z';
const to = '2026-01-02T03:05:00.000Z';
const digest: Digest = {
  type: 'backup_error',
  count: 12,
  from,
  to,
  latest: [
    { at: to, text: 'disk full' },
    { at: from, text: '' },
  ],
};

const inLanguages: { render(payload: unknown, locale?: 'es' | 'en'): RenderedEmbed } = digestType;

describe('a digest', () => {
  it('tells in Spanish how many, of what, when, and the newest', () => {
    expect([builtInType('digest')!.render(digest, 'es')]).toEqual([
      {
        title: '🔁 12 notificaciones más: Backup Error',
        description: 'Entre <t:1767323045:T> y <t:1767323100:T>',
        color: 0xfee75c,
        fields: [
          {
            name: 'Las últimas',
            value: '• <t:1767323100:T> disk full\n• <t:1767323045:T> sin texto',
            inline: false,
          },
        ],
      },
    ]);
  });

  it('tells it in English', () => {
    expect(inLanguages.render({ ...digest, count: 1 }, 'en')).toMatchObject({
      title: '🔁 1 more notification: Backup Error',
      description: 'Between <t:1767323045:T> and <t:1767323100:T>',
      fields: [{ name: 'The latest', value: expect.stringContaining('no text') as string }],
    });
    expect(inLanguages.render(digest, 'en').title).toBe('🔁 12 more notifications: Backup Error');
    expect(inLanguages.render({ ...digest, count: 1 }, 'es').title).toBe('🔁 1 notificación más: Backup Error');
  });

  it.each([undefined, null, 7, 'x', [], {}, { latest: 'x', count: 'many', from: 'then' }, { latest: [null, 3] }])(
    'has a form for %j',
    (payload) => {
      for (const locale of ['es', 'en'] as const) {
        const { title, description } = inLanguages.render(payload, locale);
        expect(title).toMatch(/ 0 /);
        expect(description).toBeUndefined();
      }
    },
  );

  it('keeps each text on its line, without markup, and within one field', () => {
    const text = '```a\n**b** <@1> [x](y) https://e.example/a_b_c ' + 'z'.repeat(500);
    const latest = Array.from({ length: 9 }, () => ({ at: to, text }));
    const { value } = inLanguages.render({ ...digest, latest }).fields![0]!;
    expect(value.split('\n')).toHaveLength(5);
    expect(value.length).toBeLessThanOrEqual(1024);
    expect(value.replaceAll(/\\./g, '').replaceAll(/<t:\d+:T>|https:\S+/g, '')).not.toMatch(/[`*<>[\]_]/);
    expect(value).toContain(' https://e.example/a_b_c ');
  });
});

describe('the short form of a notification', () => {
  it.each([
    [{ error_message: 'disk full', host: 'db1' }, 'disk full'],
    [{ title: 'Deploy', message: 'done\n  at last', other: 1 }, 'Deploy: done at last'],
    [{ title: 'Deploy', host: 'a' }, 'Deploy'],
    [{ status: 'online', ip: '10.0.0.1' }, 'online'],
    [
      { backup_file: 'w.zip', size_mb: 12.5, ok: true, list: [1], none: null, blank: ' ' },
      'backup_file: w.zip · size_mb: 12.5 · ok: true',
    ],
    [{}, ''],
    [null, ''],
    ['text', ''],
    [[1, 2], ''],
  ])('of %j is %j', (payload, expected) => {
    expect(shortForm(payload, null)).toBe(expected);
  });

  it.each([
    [{ content: 'hello' }, 'hello'],
    [{ content: ' ', embeds: [{ title: 'T', description: 'D' }] }, 'T: D'],
    [{ embeds: [{ color: 1 }, { fields: [{ name: 'n', value: 'v' }] }] }, 'n: v'],
    [{}, ''],
  ])('of a ready message %j is %j', (message, expected) => {
    expect(shortForm({ message: 'not this' }, message)).toBe(expected);
  });

  it('is cut with a mark', () => {
    const short = shortForm({ message: '𝄞'.repeat(500) }, null);
    expect(short.length).toBeLessThanOrEqual(150);
    expect(short).toMatch(/^(𝄞)+…$/u);
  });
});
