import { z } from 'zod';
import { hooks } from '../hooks/hook-registry.js';
import { renderGeneric } from './generic.type.js';
import { type NotificationType } from './notification-type.js';
import { readPayload, text } from './payload-fields.js';

const colours = { low: 0x95a5a6, normal: 0x5865f2, high: 0xe67e22, critical: 0xff0000 } as const;
const good = 0x2ecc71;
const bad = 0xff0000;

const tags = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.map((tag) => text('').parse(tag)).filter(Boolean));

const field = z.object({ name: text('—'), value: text('—'), inline: z.boolean().catch(false) });
const fields = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.flatMap((item) => field.safeParse(item).data ?? []));

/**
 * A plain message: title, message, tags as footer, and a colour by how it went or by its priority. What hooks tell has
 * the same form under the name of its sender, so that a template may be written for each.
 */
function noteOf(name: string, shown: (text: string) => string): NotificationType {
  return {
    name,
    render(payload) {
      const shape = {
        title: text(''),
        message: text(''),
        priority: z.enum(['low', 'normal', 'high', 'critical']).catch('normal'),
        status: z.enum(['good', 'bad']).optional().catch(undefined),
        url: text(''),
        tags,
        fields,
      };
      const note = readPayload(shape, payload);
      const { status, url } = note;
      // Without words it is a bag of fields like any other.
      if (note.title === '' && note.message === '') return renderGeneric(name, payload);
      const link = /^https?:\/\/[^\s<>]{1,500}$/.test(url) ? `<${url}>` : '';
      return {
        title: shown(note.title) || undefined,
        description: [shown(note.message), link].filter((part) => part !== '').join('\n\n') || undefined,
        color: status === 'good' ? good : status === 'bad' ? bad : colours[note.priority],
        fields: note.fields.map(({ name: label, value, inline }) => ({
          name: shown(label),
          value: shown(value),
          inline,
        })),
        footer: note.tags.join(' • ') || undefined,
      };
    },
  };
}

/** Publishers write markup into a note; in the words of strangers nothing is markup. */
export const noteTypes: readonly NotificationType[] = [
  noteOf('note', (text) => text),
  ...hooks.map(({ name }) => noteOf(name, literal)),
];

const address = /(https?:\/\/[^\s<>"'`\])]+)/;

/** Addresses stay what they are; no link hides behind other words, and no mark opens a block. */
function literal(text: string): string {
  return text
    .split(address)
    .map((part, place) => (place % 2 === 1 ? part : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[\\*_~`|<>[\]]/g, '\\$&').replace(/^(\s*)([#+-])/gm, '$1\\$2');
}
