import fc from 'fast-check';
import { expect, it } from 'vitest';
import { messageBody } from '../../src/discord/message-body.js';
import { locales } from '../../src/domain/notification.js';
import { Fault } from '../../src/domain/fault.js';
import { CompiledTemplate } from '../../src/queue/templates/compiled-template.js';
import { templateBody } from '../../src/queue/templates/template-body.js';
import { TemplateFailure } from '../../src/queue/templates/template-failure.js';
import { rendererWith } from '../unit/queue/templates/template-bench.js';

const at = new Date('2026-01-02T03:04:05.678Z');

/** Pieces of which templates are made, well or badly. */
const pieces = [
  ...[
    '{{ a }}',
    '{{ a.b[0] }}',
    '{{ item }}',
    '{{ key }}',
    '{{ a | size }}',
    '{{ a | join: b }}',
    '{{ a | json | code_block }}',
  ],
  ...[
    '{{ a | date: b, c }}',
    '{{ a | discord_time: b }}',
    '{{ a | replace: b, c }}',
    '{{ a | split: b | sort | last }}',
  ],
  ...[
    '{{ a | slice: b, c }}',
    '{{ a | map: b }}',
    '{{ a | where: b, c | first }}',
    '{{ a | times: b | round: c }}',
    '{{ a | sort_natural }}',
  ],
  ...[
    '{{ a | url_encode }}',
    '{{ a | truncate: b }}',
    '{{ a | sum: b }}',
    '{{ a | uniq | concat: b }}',
    '{{ a | escape_markdown }}',
  ],
  ...[
    '{% for i in a %}',
    '{{ i }}',
    '{{ forloop.index }}',
    '{% endfor %}',
    '{% if a contains b %}',
    '{% else %}',
    '{% endif %}',
  ],
  ...[
    '{% assign a = a | append: b %}',
    '{% case a %}{% when b %}',
    '{% endcase %}',
    '{% raw %}',
    '{% endraw %}',
    '{% break %}',
  ],
  ...[
    '(1..a)',
    '{{ (a..b) | join }}',
    '{{',
    '}}',
    '{%',
    '%}',
    '|',
    ' ',
    '\n',
    '"',
    '{{ a[b][c] }}',
    '{{ a == b }}',
    '{{ a > b }}',
  ],
];
const text = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 5 })), { maxLength: 6 })
  .map((all) => all.join(''));
const body = fc.record(
  {
    content: text,
    author: text,
    title: text,
    url: text,
    description: text,
    color: fc.oneof(text, fc.integer({ min: 0, max: 0xffffff })),
    footer: text,
    fields: fc.array(
      fc.record(
        {
          name: text,
          value: text,
          each: fc.constantFrom('a', 'a.b', '(1..a)', 'a | split: b', 'c[0]'),
          inline: fc.boolean(),
        },
        { requiredKeys: ['name', 'value'] },
      ),
      { maxLength: 3 },
    ),
    timestamp: fc.boolean(),
  },
  { requiredKeys: [] },
);
const payload = fc.oneof(
  fc.dictionary(fc.constantFrom('a', 'b', 'c', 'item', 'notification', 'toString'), fc.jsonValue()),
  fc.jsonValue(),
);

it('whatever a template is made of, it is refused for a reason or fills in any payload', () => {
  fc.assert(
    fc.property(body, payload, fc.constantFrom(...locales), (written, told, locale) => {
      const read = templateBody.safeParse(written);
      if (!read.success) return;
      const { renderer } = rendererWith({ [`${locale}:deploy`]: written });
      const { message, by } = renderer.tell({ type: 'deploy', payload: told, locale }, at);
      expect(messageBody(message)).toBeDefined();
      let compiled: CompiledTemplate;
      try {
        compiled = new CompiledTemplate(read.data, locale);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
        expect((error as Fault).details.errors!.length).toBeGreaterThan(0);
        expect(by.kind).toBe('generic');
        return;
      }
      try {
        compiled.render({ variables: { a: told }, at, size: 100, remark: () => undefined });
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateFailure);
      }
    }),
    { numRuns: 400 },
  );
}, 60_000);

it('what is written by a filter of ours stays where it is put', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('`', '\n', 'a', '*', '\u200b', ' ', '~'), maxLength: 40 }),
      (value) => {
        const filled = (filter: string) =>
          new CompiledTemplate({ content: `<{{ a | ${filter} }}>` }, 'en').render({
            variables: { a: value },
            at,
            size: 50,
          }).content!;
        expect(filled('code_block').split('```')).toHaveLength(3);
        expect(filled('inline_code').slice(2, -2)).not.toMatch(/[`\n]/);
        expect(filled('escape_markdown').replaceAll(/\\./g, '')).not.toMatch(/[`*~]/);
      },
    ),
  );
});
