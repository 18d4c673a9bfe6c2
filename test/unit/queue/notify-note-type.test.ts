import { describe, expect, it } from 'vitest';
import { withinLimits } from '../../../src/discord/embed-limits.js';
import { alertmanagerHook } from '../../../src/queue/hooks/alertmanager.hook.js';
import { hooks } from '../../../src/queue/hooks/hook-registry.js';
import { noteTypes } from '../../../src/queue/types/note.type.js';
import { alertmanagerBody } from '../../support/hook-bodies.js';

function render(payload: unknown, name = 'note') {
  const type = noteTypes.find((candidate) => candidate.name === name);
  if (!type) throw new Error(`no type ${name}`);
  return type.render(payload, 'en');
}

describe('the type note', () => {
  it('shows title, message, tags, and how urgent it is', () => {
    expect(render({ title: 'Backup', message: 'failed', tags: ['disk', 'nas'], priority: 'high' })).toEqual({
      title: 'Backup',
      description: 'failed',
      color: 0xe67e22,
      fields: [],
      footer: 'disk • nas',
    });
    expect(render({ message: 'x' }).color).toBe(0x5865f2);
    expect(render({ message: 'x', priority: 'critical' }).color).toBe(0xff0000);
    expect(render({ message: 'x', priority: 'low', status: 'good' }).color).toBe(0x2ecc71);
    expect(render({ message: 'x', status: 'bad' }).color).toBe(0xff0000);
  });

  it('shows an address under the message, and nothing else in its place', () => {
    expect(render({ message: 'x', url: 'https://example.com/a' }).description).toBe('x\n\n<https://example.com/a>');
    for (const url of ['javascript:alert(1)', 'https://a b', 'https://a>b', 7, {}]) {
      expect(render({ message: 'x', url }).description).toBe('x');
    }
  });

  it.each([
    undefined,
    null,
    [],
    'text',
    { title: {}, message: [], tags: 'x', fields: 'y', priority: 9, status: 9 },
    { tags: [null, {}, 1, ''], fields: [null, 1, {}, { name: {}, value: [] }] },
  ])('has a message that Discord takes for %j', (payload) => {
    const message = withinLimits({ embeds: [render(payload)] });
    expect(message.embeds).toHaveLength(1);
  });

  it('shows the fields of a payload without words', () => {
    expect(render({ used: 97 })).toMatchObject({ title: 'Note', fields: [{ name: 'Used', value: '97' }] });
  });

  it('is there under the name of each kind of hook, so that a template may be written for one', () => {
    for (const { name } of hooks) expect(render({ title: 'x' }, name).title).toBe('x');
    const told = alertmanagerHook.read(alertmanagerBody, {});
    expect(render(told?.payload, 'alertmanager')).toMatchObject({ color: 0xff0000, footer: 'alertmanager • critical' });
  });
});

describe('the words of strangers', () => {
  const literal = (text: string): string | undefined => render({ title: text }, 'github').title;

  it('stay what they are, whatever marks they hold', () => {
    expect(literal('**bold** _x_ ~~y~~ `z` ||s|| > q')).toBe(
      '\\*\\*bold\\*\\* \\_x\\_ \\~\\~y\\~\\~ \\`z\\` \\|\\|s\\|\\| \\> q',
    );
    expect(literal('# head\n- item\n  + item')).toBe('\\# head\n\\- item\n  \\+ item');
    expect(literal('[free money](https://evil.example/x)')).toBe('\\[free money\\](https://evil.example/x)');
    expect(literal('see https://a.example/x_y_z*1 and a_b')).toBe('see https://a.example/x_y_z*1 and a\\_b');
    expect(literal('<@1234> <https://a.example>')).toBe('\\<@1234\\> \\<https://a.example\\>');
  });

  it('are no markup anywhere, while a publisher may write it', () => {
    const payload = { title: '*t*', message: '*m*', fields: [{ name: '*n*', value: '*v*' }] };
    expect(render(payload, 'alertmanager')).toMatchObject({
      title: '\\*t\\*',
      description: '\\*m\\*',
      fields: [{ name: '\\*n\\*', value: '\\*v\\*', inline: false }],
    });
    expect(render(payload)).toMatchObject({
      title: '*t*',
      description: '*m*',
      fields: [{ name: '*n*', value: '*v*' }],
    });
  });
});
