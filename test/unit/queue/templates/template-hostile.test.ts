import { describe, expect, it } from 'vitest';
import { templateBody } from '../../../../src/queue/templates/template-body.js';
import { TemplateFailure } from '../../../../src/queue/templates/template-failure.js';
import { fill, fillText } from './template-bench.js';

const log = 'x'.repeat(60_000);
const words = Array.from({ length: 20_000 }, (_, index) => `w${index}`);

function failureOf(text: string, variables: Record<string, unknown> = {}): TemplateFailure {
  try {
    fillText(text, variables);
  } catch (error) {
    if (error instanceof TemplateFailure) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('a hostile template', () => {
  const nine = (body: string, depth: number): string =>
    depth === 0 ? body : `{% for i${depth} in (1..99) %}${nine(body, depth - 1)}{% endfor %}`;

  it.each([
    ['a long loop', '{% for i in (1..1000000) %}{% endfor %}', /takes (more|longer) than/],
    ['a loop without an end, as far as anybody can tell', nine('', 9), /takes (more|longer) than/],
    ['loops that write', nine('{{ log }}', 5), /takes (more|longer) than/],
    ['a huge range', '{% for i in (1..900000000) %}{% break %}{% endfor %}', /more text and lists/],
    ['a huge range as a list', '{{ (1..900000000) | size }}', /more text and lists/],
    ['a range out of the payload', '{% for i in (1..much) %}{% break %}{% endfor %}', /more text and lists/],
    [
      'a text that doubles',
      '{% assign s = log %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}',
      /more text/,
    ],
    [
      'a list that doubles',
      '{% assign l = log | split: "," %}{% for i in (1..40) %}{% assign l = l | concat: l %}{% endfor %}{{ l }}',
      /more text/,
    ],
    [
      'a list that is made to text',
      '{% assign l = log | split: "," %}{% for i in (1..9) %}{% assign l = l | concat: l %}{% endfor %}{{ l | upcase }}',
      /more text/,
    ],
    ['an explosion of separators', '{{ log | split: "" | join: log }}', /more text/],
    ['an explosion of replacements', '{{ log | replace: "x", log }}', /more text/],
    ['a wide date', '{{ "2026-01-02" | date: "%900000000d" }}', /more text/],
    ['a needle that takes long to look for', '{{ log | replace: log, "" }}', /more than 1000 characters/],
    ['the same in a condition', '{% if log contains log %}{% endif %}', /more than 1000 characters/],
    [
      'a small answer out of much, again and again',
      '{% for w in words limit: 400 %}{{ words | first }}{% endfor %}',
      /more text/,
    ],
    ['a filter for each of many', '{% for w in words %}{{ words | join | size }}{% endfor %}', /./],
  ])('ends: %s', (_, text, reason) => {
    const failure = failureOf(text, { log, words, much: 900_000_000 });
    expect(failure.reason).toMatch(reason);
    expect(failure.place).toBe('content');
    expect(failure.exhausting).toBe(!/1000 characters/.test(failure.reason));
  });

  it('ends whatever takes too long, even where nothing is counted', () => {
    const compare = '{% if words == others %}{% endif %}';
    const failure = failureOf(`{% for w in words %}${compare.repeat(50)}{% endfor %}`, { words, others: [...words] });
    expect(failure).toMatchObject({
      exhausting: true,
      reason: expect.stringMatching(/takes (more|longer) than/) as string,
    });
  });

  it.each([
    '{{ constructor }}',
    '{{ __proto__ }}',
    '{{ list.constructor.constructor }}',
    '{{ text.constructor }}',
    '{{ o.__proto__.polluted }}',
    '{{ o["constructor"]["prototype"] }}',
    '{{ list | map: "constructor" }}',
    '{{ list | map: "__proto__" }}',
    '{{ o.hasOwnProperty }}{{ o.toString }}',
    '{{ list.push }}{{ text.repeat }}',
    '{% assign p = o.__proto__ %}{{ p }}',
  ])('sees nothing behind the data: %s', (text) => {
    expect(fillText(text, { o: { a: 1 }, list: [1, 2], text: 'x' }).replaceAll(/[,\s]/g, '')).toBe('');
  });

  it('changes nothing outside', () => {
    const variables = { o: { a: 1 }, list: [3, 1, 2] };
    fillText(
      '{% assign o = 2 %}{% assign __proto__ = list %}{% assign constructor = 1 %}{{ list | sort | reverse | concat: list }}',
      variables,
    );
    expect(variables).toEqual({ o: { a: 1 }, list: [3, 1, 2] });
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it.each([
    '{% for i in list %}{{ forloop.constructor }}{% endfor %}',
    '{% for i in list %}{{ forloop.__proto__.constructor.constructor }}{% endfor %}',
  ])('gets no function by what loops are made of: %s', (text) => {
    expect(() => fillText(text, { list: [1] })).toThrow(TemplateFailure);
  });

  it('meets data that pretends to be something else', () => {
    const odd = JSON.parse(
      '{"o":{"toString":"x","valueOf":1,"toLiquid":{},"then":{},"length":3,"size":"s","__proto__":{"y":1}}}',
    ) as Record<string, unknown>;
    expect(fillText('{{ o.size }}{{ o.then }}{{ o.y }}', odd)).toBe('s{}');
    expect(fillText('{{ o }}', odd)).toContain('"toString":"x"');
    expect(() => fillText('{{ o | upcase }}', odd)).toThrow(TemplateFailure);
  });

  it('may be large without costing more than a message holds', () => {
    const { content } = fill({ content: '{% for w in words limit: 1000 %}{{ log }}{% endfor %}' }, { log, words });
    expect(content).toHaveLength(8_192);
  });

  it('repeats a field for as many entries as are there, and writes those that fit', () => {
    const fields = [{ name: '{{ index }}', value: '{{ item }}', each: '(1..200000)' }];
    const { embeds } = fill({ fields });
    expect(embeds![0]!.fields).toHaveLength(10_000);
    expect(embeds![0]!.fields!.slice(24, 28).map(({ name }) => name)).toEqual(['25', '26', '', '']);
  });

  it.each([
    ['a text of 100 KB', { content: 'x'.repeat(100_000) }],
    [
      'many texts of 100 KB together',
      { fields: Array.from({ length: 25 }, () => ({ name: 'n', value: 'v'.repeat(3_999) })) },
    ],
    ['too many fields', { fields: Array.from({ length: 26 }, () => ({ name: 'n', value: 'v' })) }],
    ['no text at all', { color: 1 }],
    ['blank texts', { title: ' ', fields: [] }],
    ['an unknown key', { title: 'x', script: 'y' }],
    ['a colour out of range', { title: 'x', color: 0x1000000 }],
    ['no object', 'title'],
  ])('is refused for its form: %s', (_, body) => {
    expect(templateBody.safeParse(body).success).toBe(false);
  });
});
