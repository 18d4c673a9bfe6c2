import { type APIEmbed } from 'discord.js';
import { type RenderedMessage } from '../domain/notification.js';
import { messageBody } from './message-body.js';

interface Said {
  content: string;
  embeds: readonly APIEmbed[];
}

/**
 * What a message says, in a form that is the same for a message that is sent and for what Discord shows of it: without
 * times, which are of each try, and without white space, which Discord trims. Empty when it says nothing.
 */
export function printOf({ content, embeds }: Said): string {
  const texts = [content, ...embeds.flatMap(textsOf)].map((text) => (text ?? '').replace(/\s+/gu, ''));
  return texts.some((text) => text !== '') ? JSON.stringify(texts) : '';
}

/** Of a message as it is sent: cut to Discord's limits. */
export function printOfRendered(message: RenderedMessage): string {
  const body = messageBody(message);
  return body === undefined ? '' : printOf(body);
}

function textsOf({ author, title, description, fields = [], footer }: APIEmbed): (string | undefined)[] {
  return [author?.name, title, description, ...fields.flatMap(({ name, value }) => [name, value]), footer?.text];
}
