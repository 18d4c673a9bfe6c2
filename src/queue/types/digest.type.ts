import { z } from 'zod';
import { type Locale } from '../../domain/notification.js';
import { cut } from '../../discord/embed-limits.js';
import { titleCase } from './discord-text.js';
import { type NotificationType } from './notification-type.js';
import { number, readPayload, text } from './payload-fields.js';

/** What stands in the payload of a digest, the newest of `latest` first. Times are ISO 8601. */
export interface Digest {
  type: string;
  count: number;
  from: string;
  to: string;
  latest: { at: string; text: string }[];
}

interface Words {
  more(count: number, type: string): string;
  when(from: string, to: string): string;
  latest: string;
  silent: string;
  nameless: string;
}

const words: Record<Locale, Words> = {
  es: {
    more: (count, type) => `🔁 ${count} ${count === 1 ? 'notificación' : 'notificaciones'} más: ${type}`,
    when: (from, to) => `Entre ${from} y ${to}`,
    latest: 'Las últimas',
    silent: 'sin texto',
    nameless: 'Desconocido',
  },
  en: {
    more: (count, type) => `🔁 ${count} more ${count === 1 ? 'notification' : 'notifications'}: ${type}`,
    when: (from, to) => `Between ${from} and ${to}`,
    latest: 'The latest',
    silent: 'no text',
    nameless: 'Unknown',
  },
};

const lines = 5;
/** All of them fit into one field with their times. */
const longestLine = 160;

const latest = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.slice(0, lines).map((item) => readPayload({ at: text(''), text: text('') }, item)));

/** What flood control held back, in one message. */
export const digestType: NotificationType = {
  name: 'digest',
  render(payload: unknown, locale: Locale = 'es') {
    const say = words[locale];
    const shape = { type: text(say.nameless), count: number(0), from: text(''), to: text(''), latest };
    const digest = readPayload(shape, payload);
    const [from, to] = [momentOf(digest.from), momentOf(digest.to)];
    const told = digest.latest.map(({ at, text: said }) =>
      ['•', momentOf(at), cut(inline(said) || say.silent, longestLine)].filter(Boolean).join(' '),
    );
    return {
      title: say.more(Math.max(0, Math.trunc(digest.count)), titleCase(digest.type) || digest.type),
      description: from && to ? say.when(from, to) : undefined,
      color: 0xfee75c,
      fields: told.length > 0 ? [{ name: say.latest, value: told.join('\n'), inline: false }] : [],
    };
  },
};

/** A time as Discord shows it in the reader's own zone; nothing for what is none. */
function momentOf(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? '' : `<t:${Math.floor(at / 1000)}:T>`;
}

/** One line without markup, so that one text does not change how the next one looks. Links stay links. */
function inline(said: string): string {
  const words = said.trim().split(/\s+/);
  return words.map((word) => (isLink(word) ? word : word.replace(/[\\`*_~|<>[\]]/g, (sign) => `\\${sign}`))).join(' ');
}

function isLink(word: string): boolean {
  return /^https?:\/\/[^\s`*<>|[\]]+$/.test(word);
}
