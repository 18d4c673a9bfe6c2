import { type RenderedEmbed, type RenderedMessage } from '../../domain/notification.js';
import { type Remark } from './compiled-template.js';

/** What the place is called that stands for missing fields. */
const missingName = '…';

const texts = ['author', 'title', 'description', 'footer'] as const;

/** Tells what of a message Discord's limits took away. */
export function remarkCuts(whole: RenderedMessage, sent: RenderedMessage, remark: Remark): void {
  compare('content', whole.content, sent.content, remark);
  const before = whole.embeds ?? [];
  const after = sent.embeds ?? [];
  if (before.length !== after.length) remark('embeds', `${after.length} of ${before.length} are sent`);
  if (before.length !== after.length) return;
  for (const [index, embed] of before.entries()) {
    compareEmbeds(before.length === 1 ? '' : `embeds.${index}.`, embed, after[index]!, remark);
  }
}

function compareEmbeds(place: string, embed: RenderedEmbed, kept: RenderedEmbed, remark: Remark): void {
  for (const key of texts) compare(place + key, embed[key], kept[key], remark);
  const before = embed.fields ?? [];
  const after = kept.fields ?? [];
  // Where some are missing, the last place says how many.
  const telling = after.at(-1)?.name === missingName && before[after.length - 1]?.name !== missingName;
  const whole = telling ? after.length - 1 : after.length;
  if (before.length > whole) remark(`${place}fields`, `${whole} of ${before.length} are sent`);
  for (const [index, field] of after.slice(0, whole).entries()) {
    compare(`${place}fields.${index}.name`, before[index]?.name, field.name, remark);
    compare(`${place}fields.${index}.value`, before[index]?.value, field.value, remark);
  }
}

function compare(place: string, whole: string | undefined, sent: string | undefined, remark: Remark): void {
  if (!whole?.trim() || whole === sent) return;
  if (sent === undefined) remark(place, 'there is no room left for it');
  else remark(place, `cut from ${whole.length} to ${sent.length} characters`);
}
