import { describe, expect, it } from 'vitest';
import { type TemplateBody } from '../../../../src/queue/templates/template-body.js';
import { TemplateFailure } from '../../../../src/queue/templates/template-failure.js';
import { fill, timestamp } from './template-bench.js';

const deploy = {
  service: 'shop',
  version: '1.4.2',
  ok: true,
  commits: [
    { id: 'a1', text: 'Fix prices' },
    { id: 'b2', text: 'Drop **old** code' },
  ],
  checks: { lint: 'passed', unit: 'failed' },
  url: 'https://ci.example/7',
};

describe('a template', () => {
  it('fills in every part of an embed', () => {
    const body: TemplateBody = {
      content: 'New: {{ service }}',
      author: '{{ service | upcase }}',
      title: '{{ service }} {{ version }}',
      url: '{{ url }}',
      description: '{% for c in commits %}- {{ c.text | escape_markdown }}\n{% endfor %}',
      color: '{% if ok %}green{% else %}red{% endif %}',
      fields: [
        { name: 'Version', value: '{{ version | inline_code }}', inline: true },
        { name: '{{ index }}. {{ item.id }}', value: '{{ item.text }}', each: 'commits' },
        { name: '{{ key | title_case }}', value: '{{ item }}', each: 'checks', inline: false },
        { name: 'Error', value: '{{ error }}' },
      ],
      footer: 'by {{ who | default: "nobody" }}',
    };
    expect(fill(body, deploy)).toEqual({
      content: 'New: shop',
      embeds: [
        {
          author: 'SHOP',
          title: 'shop 1.4.2',
          url: 'https://ci.example/7',
          description: '- Fix prices\n- Drop \\*\\*old\\*\\* code',
          color: 0x57f287,
          fields: [
            { name: 'Version', value: '`1.4.2`', inline: true },
            { name: '1. a1', value: 'Fix prices' },
            { name: '2. b2', value: 'Drop **old** code' },
            { name: 'Lint', value: 'passed', inline: false },
            { name: 'Unit', value: 'failed', inline: false },
          ],
          footer: 'by nobody',
          timestamp,
        },
      ],
    });
  });

  it('may be a plain text, or an embed without a time', () => {
    expect(fill({ content: 'x', color: 'red' })).toEqual({ content: 'x' });
    expect(fill({ title: 'x', timestamp: false })).toEqual({ embeds: [{ title: 'x' }] });
  });

  it.each([
    [{ color: 0xabcdef }, 0xabcdef],
    [{ color: '#AbCdEf' }, 0xabcdef],
    [{ color: '{{ n }}' }, 255],
    [{ color: ' Blurple ' }, 0x5865f2],
    [{ color: '{{ missing }}' }, undefined],
    [{ color: '{{ text }}' }, undefined],
    [{ color: '{{ large }}' }, undefined],
  ])('takes %j for a colour', (part, color) => {
    const [embed] = fill({ title: 'x', ...part }, { n: 255, text: 'reddish', large: 16777216 }).embeds!;
    expect(embed!.color).toBe(color);
  });

  it.each(['reddish', '#12345', '16777216', '-1'])('refuses %j as a colour at once', (color) => {
    expect(() => fill({ title: 'x', color })).toThrow(
      expect.objectContaining({
        details: { errors: [{ path: 'color', message: expect.stringMatching('#rrggbb') as string }] },
      }),
    );
  });

  it.each([
    ['https://a.example/b c', 'https://a.example/b%20c'],
    ['HTTP://a.example', 'http://a.example/'],
    ['javascript:alert(1)', undefined],
    ['ftp://a.example', undefined],
    ['https://localhost/x', undefined],
    ['https://', undefined],
    [`https://a.example/${'x'.repeat(2_048)}`, undefined],
    ['', undefined],
  ])('leads to %j or nowhere', (url, expected) => {
    expect(fill({ title: 'x', url: '{{ url }}' }, { url }).embeds![0]!.url).toBe(expected);
  });

  it.each([
    ['a list', [1, 2], ['1:1:', '2:2:']],
    ['an object', { a: 1, b: 2 }, ['1:1:a', '2:2:b']],
    ['an empty list', [], undefined],
    ['a text', 'ab', undefined],
    ['nothing', null, undefined],
  ])('repeats a field for %s', (_, list, names) => {
    const { embeds } = fill(
      { title: 'x', fields: [{ name: '{{ index }}:{{ item }}:{{ key }}', value: 'v', each: 'list' }] },
      { list },
    );
    expect(embeds![0]!.fields?.map(({ name }) => name)).toEqual(names);
  });

  it('keeps the rest in sight within a list, and the list in sight of its filters', () => {
    const fields = [{ name: '{{ service }}', value: '{{ item.text }}', each: 'commits | slice: 1, 1' }];
    expect(fill({ fields }, { ...deploy, item: 'other' }).embeds![0]!.fields).toEqual([
      { name: 'shop', value: 'Drop **old** code' },
    ]);
  });

  it('says all faults with their places', () => {
    const body = {
      title: '{{ a',
      color: 'reddish',
      fields: [
        { name: 'ok', value: 'ok' },
        { name: '{% if %}', value: '{{ x | nope }}', each: '1 +' },
      ],
    };
    const error: unknown = (() => {
      try {
        return fill(body);
      } catch (thrown) {
        return thrown;
      }
    })();
    const { code, details } = error as { code: string; details: { errors: { path: string }[] } };
    expect(code).toBe('request.invalid');
    expect(details.errors.map(({ path }) => path)).toEqual([
      'title',
      'fields.1.name',
      'fields.1.value',
      'fields.1.each',
      'color',
    ]);
  });

  it.each([
    [{ title: '{{ missing }}' }],
    [{ content: '{{ missing }}', fields: [{ name: 'x', value: '{{ missing }}' }] }],
    [{ color: 'red', url: 'https://a.example', fields: [{ name: 'x', value: 'x', each: 'missing' }] }],
  ])('fails where it says nothing: %j', (body) => {
    expect(() => fill(body)).toThrow(new TemplateFailure('template', 'it says nothing about this notification'));
  });

  it('tells where it failed', () => {
    const zone = '{{ "2026-01-02" | date: "%H", zone }}';
    const failing = (body: TemplateBody) => () => fill(body, { zone: 'No/Where', list: [1] });
    expect(failing({ title: `x\n ${zone}` })).toThrow(/^title: .*\(line 2, column 2\)$/);
    expect(failing({ fields: [{ name: 'x', value: zone }] })).toThrow(/^fields\.0\.value: /);
    expect(failing({ fields: [{ name: zone, value: 'x', each: 'list' }] })).toThrow(/^fields\.0\.name: /);
    expect(failing({ fields: [{ name: 'x', value: 'x', each: '(1..99999999)' }] })).toThrow(/^fields\.0\.each: /);
  });

  it('shares one budget between its parts', () => {
    const text = '{% for i in (1..700) %}{{ i }}{% endfor %}';
    expect(() => fill({ title: text, description: text })).not.toThrow();
    expect(() => fill({ title: text, description: text, footer: text, content: text })).toThrow(/takes more than/);
  });

  it('remarks what was hardly meant', () => {
    const heard: string[] = [];
    const remark = (place: string, words: string) => void heard.push(`${place}: ${words}`);
    const body: TemplateBody = {
      title: '{{ service }}{{ servise }}{{ commits.size }}{{ commits[0].text }}{{ commits.first.text }}',
      url: 'nowhere',
      color: '{{ version }}',
      description:
        '{% assign local = 1 %}{{ local }}{% for c in commits %}{{ c.author }}{{ forloop.index }}{% endfor %}{{ checks[key] }}',
      fields: [
        { name: '{{ index }}{{ item.id }}', value: '{{ item.autor }}x', each: 'commits' },
        { name: 'x', value: 'x', each: 'comits' },
      ],
    };
    fill(body, deploy, { remark });
    expect([...new Set(heard)]).toEqual([
      'title: there is no servise',
      expect.stringMatching(/^url: must begin with http/),
      'description: there is no key',
      expect.stringMatching(/^color: must be #rrggbb/),
      'fields.0.value: there is no item.autor',
      'fields.1.each: there is no comits',
    ]);
  });
});
