import { AllowedMentionsTypes, type APIAllowedMentions, type APIEmbed } from 'discord.js';
import { type Mentions, type RenderedEmbed, type RenderedMessage } from '../domain/notification.js';
import { withinLimits } from './embed-limits.js';

interface MessageBody {
  content: string;
  embeds: APIEmbed[];
  allowed_mentions: APIAllowedMentions;
}

/**
 * The message as Discord reads it, within its limits; undefined when it says nothing. Texts and embeds are always there,
 * so that an edit takes away what the new message has not.
 */
export function messageBody(message: RenderedMessage, mentions: Mentions = {}): MessageBody | undefined {
  const { content, embeds } = withinLimits(message);
  if (content === undefined && embeds === undefined) return undefined;
  return {
    content: content ?? '',
    embeds: (embeds ?? []).map(embedBody),
    allowed_mentions: allowedMentions(mentions),
  };
}

/** Discord rings whoever a text names unless this says otherwise. */
function allowedMentions({ users, roles, everyone }: Mentions): APIAllowedMentions {
  return { parse: everyone ? [AllowedMentionsTypes.Everyone] : [], ...(users && { users }), ...(roles && { roles }) };
}

function embedBody({ author, footer, ...embed }: RenderedEmbed): APIEmbed {
  return {
    ...embed,
    ...(author !== undefined && { author: { name: author } }),
    ...(footer !== undefined && { footer: { text: footer } }),
  };
}
