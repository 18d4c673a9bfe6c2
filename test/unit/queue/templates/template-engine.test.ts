import { describe, expect, it } from 'vitest';
import { compileExpression, compileText } from '../../../../src/queue/templates/template-engine.js';
import { fillText } from './template-bench.js';

const payload = {
  branch: 'main',
  count: 3,
  ok: true,
  nothing: null,
  list: ['b', 'a', 'c'],
  people: [{ name: 'Ada', on: true }, { name: 'Bob' }],
  nested: { deep: { er: 'x' } },
  log: 'one\ntwo\nthree',
  when: '2026-01-02T03:04:05Z',
};

describe('a text of a template', () => {
  it.each([
    ['plain', 'plain'],
    ['{{ branch }}-{{ count }}-{{ ok }}', 'main-3-true'],
    ['{{ nothing }}{{ missing }}{{ missing.deeper[3].still }}', ''],
    ['{{ missing | default: "none" }}', 'none'],
    ['{{ nested.deep.er }} {{ nested["deep"].er }} {{ list[1] }} {{ list.size }}', 'x x a 3'],
    ['{{ list }}', 'b, a, c'],
    ['{{ nested }}', '{"deep":{"er":"x"}}'],
    ['{{ people }}', '{"name":"Ada","on":true}, {"name":"Bob"}'],
    ['{{ list | sort | join: "/" | upcase }}', 'A/B/C'],
    ['{{ people | where: "on" | map: "name" | first }}', 'Ada'],
    ['{% if ok and count > 2 %}yes{% else %}no{% endif %}', 'yes'],
    ['{% unless branch == "main" %}x{% endunless %}', ''],
    ['{% case branch %}{% when "dev" %}d{% when "main" %}m{% endcase %}', 'm'],
    ['{% for p in people %}{{ forloop.index }}{{ p.name }} {% endfor %}', '1Ada 2Bob '],
    ['{% for pair in nested %}{{ pair[0] }}{% endfor %}', 'deep'],
    ['{% assign x = count | times: 2 %}{{ x }}', '6'],
    ['{% # a remark %}{% comment %}{{ a b }}{% endcomment %}{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
    ['{% if log contains "two" %}found{% endif %}', 'found'],
    ['{% if missing %}x{% endif %}{% if not missing %}none{% endif %}', 'none'],
    ['{{ log | split: "\n" | last }}', 'three'],
    ['{{ log | slice: -5, 5 }}', 'three'],
    ['{{ (1..4) | join: "" }}', '1234'],
  ])('%j comes to %j', (text, expected) => {
    expect(fillText(text, payload)).toBe(expected);
  });

  it.each([
    ['{{ "a`b" | inline_code }}', '`aˋb`'],
    ['{{ log | code_block }}', '```\none\ntwo\nthree\n```'],
    ['{{ nested | json | code_block: "json" }}', '```json\n{"deep":{"er":"x"}}\n```'],
    ['{{ "x" | code_block: "js\n@everyone" }}', '```\nx\n```'],
    [
      '{{ "**b** _i_ [a](https://b.example/c_d) <@1> > #" | escape_markdown }}',
      '\\*\\*b\\*\\* \\_i\\_ \\[a\\]\\(https://b.example/c_d\\) \\<\\@1\\> \\> \\#',
    ],
    ['{{ "https://a.example/x**b**`c`" | escape_markdown }}', 'https://a.example/x\\*\\*b\\*\\*\\`c\\`'],
    ['{{ "exit_code" | title_case }}', 'Exit Code'],
    ['{{ when | discord_time }} {{ when | discord_time: "R" }}', '<t:1767323045:f> <t:1767323045:R>'],
    [
      '{{ 60 | discord_time: "R" }} {{ "soon" | discord_time }} {{ when | discord_time: "?" }}',
      `<t:60:R> soon ${payload.when}`,
    ],
    ['{{ when | date }} {{ when | date: "%H", "Europe/Madrid" }}', '2026-01-02 03:04 04'],
  ])('has filters for Discord: %j comes to %j', (text, expected) => {
    expect(fillText(text, payload)).toBe(expected);
  });

  it('keeps data inside code', () => {
    const hostile = { log: 'a``` @everyone ```js\nb', word: '` x' };
    expect(fillText('{{ log | code_block }}', hostile).split('```')).toHaveLength(3);
    expect(fillText('{{ word | inline_code }}', hostile)).toBe('`ˋ x`');
  });

  it('never takes data for a template', () => {
    expect(fillText('{{ branch }}', { branch: '{{ secret }}{% for %}', secret: 'x' })).toBe('{{ secret }}{% for %}');
  });

  it('names months in its language', () => {
    expect(fillText('{{ when | date: "%B" }}', payload, 'es')).toBe('enero');
    expect(fillText('{{ when | date: "%B" }}', payload, 'en')).toBe('January');
  });
});

describe('what is no template', () => {
  it.each([
    ['an output that is not closed', '{{ a', /not closed \(line 1, column 2\)/],
    ['an empty output', 'x\n {{ }}', /line 2/],
    ['two expressions in one output', '{{ a b }}', /unexpected "b" \(line 1, column 7\)/],
    ['a filter that nobody knows', '{{ a | nope }}', /nope/],
    ['an unclosed block', '{% if a %}', /not closed/],
    ['an end without a block', '{% endif %}', /endif/],
    ['a tag that nobody knows', '{% bogus %}', /bogus/],
    ['a loop without a list', '{% for a b %}{% endfor %}', /illegal/],
    ['an assignment of nothing', '{% assign x %}', /expected "="/],
    ['an assignment with one sign', '{% if a = b %}x{% endif %}', /expected/],
    ...[
      'include',
      'render',
      'layout',
      'block',
      'tablerow',
      'cycle',
      'increment',
      'decrement',
      'capture',
      'liquid',
      'echo',
    ].map((tag): [string, string, RegExp] => [`the tag ${tag}`, `{% ${tag} "x" %}`, new RegExp(`"${tag}" not found`)]),
    ...[
      'where_exp',
      'find_exp',
      'group_by_exp',
      'has_exp',
      'reject_exp',
      'sample',
      'raw',
      'inspect',
      'sha256',
      'strip_html',
      'push',
    ].map((filter): [string, string, RegExp] => [
      `the filter ${filter}`,
      `{{ x | ${filter}: "a" }}`,
      new RegExp(filter),
    ]),
    ['an operator with one side', '{{ a == }}', /missing/],
    ['a condition with one side', '{% if a == %}x{% endif %}', /missing/],
    ['two things in a condition', '{% if a %}{% elsif a b %}{% endif %}', /unexpected "b"/],
    ['two things that are assigned', '{% assign x = a b %}', /unexpected "b"/],
    ['a negation of nothing', '{{ not }}', /missing/],
  ])('%s is refused with its place', (_, text, reason) => {
    expect(() => fillText(text)).toThrow(expect.objectContaining({ code: 'request.invalid' }));
    try {
      fillText(text);
    } catch (error) {
      const { details } = error as { details: { errors: { path: string; message: string }[] } };
      expect(details.errors).toEqual([{ path: 'content', message: expect.stringMatching(reason) as string }]);
    }
  });

  it('an expression is one, and nothing around it', () => {
    expect(() => compileExpression('a }} {{ b', 'en')).toThrow('one expression');
    expect(() => compileExpression('a }}x', 'en')).toThrow();
    expect(() => compileExpression('', 'en')).toThrow();
    expect(compileExpression('a | slice: 0, 2', 'en').isExpression).toBe(true);
    expect(compileText('a', 'en').isExpression).toBe(false);
  });
});
