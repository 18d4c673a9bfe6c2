import { describe, expect, it } from 'vitest';
import { cut, limits, withinLimits } from '../../../src/discord/embed-limits.js';

describe('cut', () => {
  it('leaves what fits alone', () => {
    expect(cut('abc', 3)).toBe('abc');
  });

  it('marks what is missing', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
  });

  it('does not cut a character in half', () => {
    expect(cut('ab😀cd', 4)).toBe('ab…');
  });

  it('closes a code block that it cuts open', () => {
    const short = cut('```js\n' + 'x'.repeat(100) + '\n```', 40);
    expect(short.length).toBeLessThanOrEqual(40);
    expect(short.endsWith('…\n```')).toBe(true);
    expect(short.split('```')).toHaveLength(3);
  });

  it('leaves no open code block whatever the place of the cut', () => {
    const text = 'before ```\ncode\n``` between ```more```' + ' after'.repeat(5);
    for (let most = 1; most < text.length; most += 1) {
      const short = cut(text, most);
      expect(short.length).toBeLessThanOrEqual(most);
      expect(short.split('```').length % 2, `at ${most}: ${short}`).toBe(1);
    }
  });
});

describe('withinLimits', () => {
  it('leaves a message within the limits as it is', () => {
    const message = {
      content: 'Backup failed',
      embeds: [
        {
          author: 'db1',
          title: 'Nightly',
          description: 'disk full',
          color: 0xff0000,
          fields: [{ name: 'host', value: 'db1', inline: true }],
          footer: 'from db1',
          timestamp: '2024-01-01T00:00:00.000Z',
        },
      ],
    };
    expect(withinLimits(message)).toEqual(message);
  });

  it('cuts every text to its own limit', () => {
    const { content, embeds } = withinLimits({
      content: 'c'.repeat(3000),
      embeds: [
        {
          author: 'a'.repeat(300),
          title: 't'.repeat(300),
          fields: [{ name: 'n'.repeat(300), value: 'v'.repeat(2000) }],
        },
      ],
    });
    const embed = embeds?.[0];
    expect(content).toHaveLength(limits.content);
    expect(embed?.author).toHaveLength(limits.author);
    expect(embed?.title).toHaveLength(limits.title);
    expect(embed?.fields?.[0]?.name).toHaveLength(limits.fieldName);
    expect(embed?.fields?.[0]?.value).toHaveLength(limits.fieldValue);
    for (const text of [content, embed?.author, embed?.title, embed?.fields?.[0]?.value])
      expect(text?.endsWith('…')).toBe(true);
  });

  it('keeps the sum of an embed under 6000 and tells how many fields are missing', () => {
    const [embed] =
      withinLimits({
        embeds: [
          {
            title: 'title',
            description: 'd'.repeat(4000),
            footer: 'f'.repeat(500),
            fields: Array.from({ length: 10 }, (_, index) => ({ name: `field ${index}`, value: 'v'.repeat(500) })),
          },
        ],
      }).embeds ?? [];
    const texts = [
      embed?.title,
      embed?.description,
      embed?.footer,
      ...(embed?.fields ?? []).flatMap((f) => [f.name, f.value]),
    ];
    expect(texts.join('').length).toBeLessThanOrEqual(limits.embedTotal);
    expect(embed?.fields?.at(-1)).toEqual({ name: '…', value: '8 more' });
    expect(embed?.footer).toHaveLength(500);
  });

  it('shows 24 fields and the number of the others', () => {
    const fields = Array.from({ length: 40 }, (_, index) => ({ name: `${index}`, value: 'x' }));
    const shown = withinLimits({ embeds: [{ fields }] }).embeds?.[0]?.fields;
    expect(shown).toHaveLength(limits.fields);
    expect(shown?.at(-1)).toEqual({ name: '…', value: '16 more' });
  });

  it('shows nine embeds and the number of the others, and leaves silent ones out', () => {
    const embeds = Array.from({ length: 12 }, (_, index) => ({ title: `${index}` }));
    const shown = withinLimits({ embeds: [{ title: ' ' }, ...embeds] }).embeds;
    expect(shown).toEqual([...embeds.slice(0, 9), { description: '… 3 more' }]);
    expect(withinLimits({ embeds: embeds.slice(0, 10) }).embeds).toEqual(embeds.slice(0, 10));
  });

  it('keeps the sum of all embeds under 6000 and tells how many are missing', () => {
    const embeds = Array.from({ length: 5 }, () => ({ description: 'd'.repeat(2_500) }));
    const shown = withinLimits({ embeds }).embeds?.map(({ description }) => description!);
    expect(shown?.map(({ length }) => length)).toEqual([2_500, 2_500, 992, 8]);
    expect(shown?.slice(2)).toEqual([`${'d'.repeat(991)}…`, '… 2 more']);
  });

  it('tells how many fields are missing even where the other texts would take it all', () => {
    const shown = withinLimits({
      embeds: [
        { description: 'd'.repeat(4_096), footer: 'f'.repeat(2_048), fields: [{ name: 'a', value: 'b'.repeat(50) }] },
      ],
    }).embeds?.[0];
    expect(shown?.fields).toEqual([{ name: '…', value: '1 more' }]);
    expect(shown?.footer?.endsWith('…')).toBe(true);
  });

  it('puts something into empty fields, which Discord would refuse', () => {
    const field = withinLimits({ embeds: [{ fields: [{ name: '', value: ' ' }] }] }).embeds?.[0]?.fields?.[0];
    expect(field?.name).not.toBe('');
    expect(field?.value.trim()).not.toBe('');
  });

  it('leaves out empty texts, an empty embed and a time that is none', () => {
    expect(withinLimits({ content: ' ', embeds: [{ title: '', fields: [] }] })).toEqual({});
    expect(withinLimits({ embeds: [{ title: 'x', timestamp: 'yesterday' }] }).embeds).toEqual([{ title: 'x' }]);
  });
});
