import { type RenderedMessage } from '../domain/notification.js';

/** Discord's limits on one message, in characters. */
export const limits = {
  content: 2000,
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  /** Over all texts of all embeds of a message. */
  embedTotal: 6000,
} as const;

const mark = '…';
/** Discord refuses an embed field without text. */
const nothing = '\u200b';

type Embed = NonNullable<RenderedMessage['embed']>;

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
  let shorter = withoutHalfCharacter(text.slice(0, most - closing.length));
  // Cutting closer may take the opening fence away, or leave a part of it.
  if (!opensCodeBlock(shorter)) return shorter.replace(/`+$/, '') + mark;
  shorter = shorter.replace(/\n$/, '');
  return shorter + closing;
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
  const embed = message.embed === undefined ? undefined : embedWithinLimits(message.embed);
  return { ...(content !== undefined && { content }), ...(embed !== undefined && { embed }) };
}

function embedWithinLimits(embed: Embed): Embed | undefined {
  // The total is spent in the order in which a reader meets the texts, but for the footer, which is kept before fields.
  let left: number = limits.embedTotal;
  const spend = (text: string | undefined, most: number): string | undefined => {
    if (!text?.trim() || left === 0) return undefined;
    const fitting = cut(text, Math.min(most, left));
    left -= fitting.length;
    return fitting;
  };
  const title = spend(embed.title, limits.title);
  const description = spend(embed.description, limits.description);
  const footer = spend(embed.footer, limits.footer);
  const fields = fieldsWithinLimits(embed.fields ?? [], left);
  const timestamp = embed.timestamp !== undefined && !Number.isNaN(Date.parse(embed.timestamp));
  if (title === undefined && description === undefined && footer === undefined && fields.length === 0) return undefined;
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(embed.color !== undefined && { color: Math.min(0xffffff, Math.max(0, Math.trunc(embed.color))) }),
    ...(fields.length > 0 && { fields }),
    ...(footer !== undefined && { footer }),
    ...(timestamp && { timestamp: new Date(embed.timestamp!).toISOString() }),
  };
}

/** As many fields as fit; when some do not, the last place tells how many are missing. */
function fieldsWithinLimits(fields: NonNullable<Embed['fields']>, total: number): NonNullable<Embed['fields']> {
  const rendered = fields.map((field) => ({
    name: cut(field.name.trim() ? field.name : nothing, limits.fieldName),
    value: cut(field.value.trim() ? field.value : nothing, limits.fieldValue),
    ...(field.inline !== undefined && { inline: field.inline }),
  }));
  const size = (field: { name: string; value: string }): number => field.name.length + field.value.length;
  const sum = rendered.reduce((all, field) => all + size(field), 0);
  if (rendered.length <= limits.fields && sum <= total) return rendered;
  const note = (missing: number) => ({ name: mark, value: `${missing} more` });
  const fitting: typeof rendered = [];
  let left = total - size(note(fields.length));
  for (const field of rendered) {
    if (fitting.length === limits.fields - 1 || size(field) > left) break;
    left -= size(field);
    fitting.push(field);
  }
  const missing = note(fields.length - fitting.length);
  return left < 0 ? [] : [...fitting, missing];
}
