import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../../src/discord/embed-limits.js';
import { messageBody } from '../../../src/discord/message-body.js';
import { type RenderedEmbed, type RenderedMessage } from '../../../src/domain/notification.js';
import { codeBlock } from '../../../src/queue/types/discord-text.js';
import { messageForm } from '../../../src/testing/fake-discord/message-form.js';

/** Texts of any length, with much of what may go wrong: fences, halves of characters, blanks. */
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('```', '``', '`', '\n', ' ', '😀', '\ud83d', '\u200b', '```js\n'),
  fc.tuple(fc.constantFrom('x', ' ', '`', '😀'), fc.integer({ min: 0, max: 5_000 })).map(([c, n]) => c.repeat(n)),
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const embed: fc.Arbitrary<RenderedEmbed> = fc.record({
  author: maybe(text),
  title: maybe(text),
  description: maybe(text),
  color: maybe(fc.oneof(fc.integer(), fc.double())),
  fields: maybe(fc.array(fc.record({ name: text, value: text, inline: fc.boolean() }), { maxLength: 40 })),
  footer: maybe(text),
  timestamp: maybe(fc.oneof(text, fc.constant('2026-01-02T03:04:05.678Z'))),
});
const message: fc.Arbitrary<RenderedMessage> = fc.record({
  content: maybe(text),
  embeds: maybe(fc.array(embed, { maxLength: 14 })),
});

const texts = ({ author, title, description, footer, fields = [] }: RenderedEmbed): (string | undefined)[] => [
  author,
  title,
  description,
  footer,
  ...fields.flatMap(({ name, value }) => [name, value]),
];

describe('any message', () => {
  it('is taken by Discord, or says nothing at all', () => {
    fc.assert(
      fc.property(message, (any) => {
        const body = messageBody(any);
        if (body !== undefined) expect(() => messageForm(body)).not.toThrow();
        else expect([any.content, ...(any.embeds ?? []).flatMap(texts)].every((said) => !said?.trim())).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves no code block open where a text was cut', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5_000 }), (any, most) => {
        const short = cut(any, most);
        expect(short.length).toBeLessThanOrEqual(most);
        if (short !== any) {
          expect(short.split('```').length % 2).toBe(1);
          expect(short).toContain('…');
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('keeps in its code block what was put there, however long', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 10, max: 5_000 }), (any, most) => {
        const parts = cut(codeBlock(any), most).split('```');
        expect(parts).toHaveLength(3);
        expect(parts[0]).toBe('');
        expect(parts[2]).toBe('');
      }),
      { numRuns: 500 },
    );
  });
});
