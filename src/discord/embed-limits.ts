import { type RenderedEmbed, type RenderedMessage } from '../domain/notification.js';

/** Discord's limits on one message, in characters. */
export const limits = {
  content: 2000,
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  author: 256,
  /** Of one message. */
  embeds: 10,
  /** Over all texts of all embeds of a message. */
  embedTotal: 6000,
} as const;

const mark = '…';
/** Discord refuses an embed field without text. */
const nothing = '\u200b';

/**
 * At most `most` characters, with a mark where something is missing. A code block that is cut open is closed again,
 * and no character is cut in half.
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = withoutHalfCharacter(text.slice(0, Math.max(0, most - mark.length)));
  if (!opensCodeBlock(kept)) return kept + mark;
  const closing = `${mark}\n\`\`\``;
  if (most < closing.length) return mark;
  const shorter = withoutHalfCharacter(text.slice(0, most - closing.length));
  if (opensCodeBlock(shorter)) return shorter.replace(/\n$/, '') + closing;
  // Cutting closer has taken the opening fence away, or left a part of it.
  const bare = shorter.replace(/`+$/, '');
  return bare + (opensCodeBlock(bare) ? closing : mark);
}

function withoutHalfCharacter(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

function opensCodeBlock(text: string): boolean {
  return text.split('```').length % 2 === 0;
}

/** The message as Discord accepts it: too long texts end in a mark, nothing is refused for its length. */
export function withinLimits(message: RenderedMessage): RenderedMessage {
  const content = message.content?.trim() ? cut(message.content, limits.content) : undefined;
  const embeds = embedsWithinLimits(message.embeds ?? []);
  return { ...(content !== undefined && { content }), ...(embeds.length > 0 && { embeds }) };
}

/** As many embeds as fit; when some do not, the last place tells how many are missing. */
function embedsWithinLimits(embeds: readonly RenderedEmbed[]): RenderedEmbed[] {
  const speaking = embeds.filter((embed) => fitted(embed, limits.embedTotal) !== undefined);
  const all = fill(speaking, limits.embeds, limits.embedTotal);
  if (all.length === speaking.length) return all;
  const most = noteOf(speaking.length).length;
  const some = fill(speaking, limits.embeds - 1, limits.embedTotal - most);
  return [...some, { description: noteOf(speaking.length - some.length) }];
}

function fill(embeds: readonly RenderedEmbed[], places: number, total: number): RenderedEmbed[] {
  const fitting: RenderedEmbed[] = [];
  let left = total;
  for (const embed of embeds.slice(0, places)) {
    const found = fitted(embed, left);
    if (found === undefined) break;
    fitting.push(found);
    left -= sizeOf(found);
  }
  return fitting;
}

function noteOf(missing: number): string {
  return `${mark} ${missing} more`;
}

function sizeOf({ author = '', title = '', description = '', footer = '', fields = [] }: RenderedEmbed): number {
  const texts = [author, title, description, footer, ...fields.flatMap(({ name, value }) => [name, value])];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

/** In at most `total` characters; undefined when it says nothing then. */
function fitted(embed: RenderedEmbed, total: number): RenderedEmbed | undefined {
  const { fields = [] } = embed;
  // Spent in the order in which a reader meets the texts, but for the footer, which is kept before fields.
  const reserved = fields.length > 0 ? fieldSize(missingFields(fields.length)) : 0;
  let left = Math.max(0, total - reserved);
  const spend = (text: string | undefined, most: number): string | undefined => {
    if (!text?.trim() || left === 0) return undefined;
    const fitting = cut(text, Math.min(most, left));
    left -= fitting.length;
    return fitting;
  };
  const author = spend(embed.author, limits.author);
  const title = spend(embed.title, limits.title);
  const description = spend(embed.description, limits.description);
  const footer = spend(embed.footer, limits.footer);
  const shown = fieldsWithinLimits(fields, Math.min(total, left + reserved));
  const timestamp = embed.timestamp !== undefined && !Number.isNaN(Date.parse(embed.timestamp));
  if ([author, title, description, footer].every((text) => text === undefined) && shown.length === 0) return undefined;
  return {
    ...(author !== undefined && { author }),
    ...(title !== undefined && { title }),
    ...(embed.url !== undefined && { url: embed.url }),
    ...(description !== undefined && { description }),
    ...(embed.color !== undefined && { color: colorOf(embed.color) }),
    ...(shown.length > 0 && { fields: shown }),
    ...(footer !== undefined && { footer }),
    ...(timestamp && { timestamp: new Date(embed.timestamp!).toISOString() }),
  };
}

function colorOf(color: number): number {
  return Number.isNaN(color) ? 0 : Math.min(0xffffff, Math.max(0, Math.trunc(color)));
}

type Field = NonNullable<RenderedEmbed['fields']>[number];

function fieldSize(field: Field): number {
  return field.name.length + field.value.length;
}

function missingFields(missing: number): Field {
  return { name: mark, value: `${missing} more` };
}

/** As many fields as fit; when some do not, the last place tells how many are missing. */
function fieldsWithinLimits(fields: readonly Field[], total: number): Field[] {
  const rendered = fields.map((field) => ({
    name: cut(field.name.trim() ? field.name : nothing, limits.fieldName),
    value: cut(field.value.trim() ? field.value : nothing, limits.fieldValue),
    ...(field.inline !== undefined && { inline: field.inline }),
  }));
  const sum = rendered.reduce((all, field) => all + fieldSize(field), 0);
  if (rendered.length <= limits.fields && sum <= total) return rendered;
  const fitting: Field[] = [];
  let left = total - fieldSize(missingFields(fields.length));
  for (const field of rendered) {
    if (fitting.length === limits.fields - 1 || fieldSize(field) > left) break;
    left -= fieldSize(field);
    fitting.push(field);
  }
  return left < 0 ? [] : [...fitting, missingFields(fields.length - fitting.length)];
}
