import { type Message, type PartialMessage, type User } from 'discord.js';
import { type DomainEventMap } from '../domain/events/index.js';
import { type MemberReference } from '../domain/member.js';
import { defaultRoleColor } from '../domain/role-color.js';
import { type ShownFilter } from '../domain/shown-filter.js';
import { cleanContent } from './clean-content.js';
import { referenceTo } from './normalise.js';
import { mayLeave } from './public-channel.js';

/**
 * Undefined for what must not leave Discord, or is not a person's or bot's own writing. `filter` is the guild's, if it
 * has one.
 */
export function messageOf(
  message: Message | PartialMessage,
  filter?: ShownFilter,
): DomainEventMap['message.created'] | undefined {
  const { channel, guild, author, member, content } = message;
  if (guild === null || author === null || content === null) return undefined;
  if (message.system || message.webhookId !== null) return undefined;
  if (!mayLeave(channel, filter)) return undefined;
  return {
    id: message.id,
    channelId: channel.id,
    channelName: channel.name,
    author: {
      ...(member ? referenceTo(member) : strangerOf(author)),
      bot: author.bot,
    },
    content: cleanContent(content, {
      // By id: whoever hides may not be known as a member here.
      user: (id) =>
        filter?.hidden.has(id)
          ? undefined
          : (guild.members.cache.get(id)?.displayName ?? message.mentions.users.get(id)?.displayName),
      role: (id) => guild.roles.cache.get(id)?.name,
      channel: (id) => {
        const mentioned = guild.channels.cache.get(id);
        // The name of a private channel is private too.
        return mayLeave(mentioned ?? null, filter) ? mentioned?.name : undefined;
      },
    }),
    attachments: message.attachments.size,
    createdAt: message.createdAt.toISOString(),
  };
}

/** Somebody who is no member, or no longer one. */
function strangerOf({ id, username, displayName }: User): MemberReference {
  return { id, username, displayName, roleColor: defaultRoleColor };
}
