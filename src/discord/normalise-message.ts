import { type Message } from 'discord.js';
import { type DomainEventMap } from '../domain/events/index.js';
import { defaultRoleColor } from '../domain/role-color.js';
import { cleanContent } from './clean-content.js';
import { colorOf } from './normalise.js';
import { isPublicText } from './public-channel.js';

/** Undefined for what must not leave Discord, or is not a person's or bot's own writing. */
export function messageOf(message: Message): DomainEventMap['message.created'] | undefined {
  const { channel, guild, author, member } = message;
  if (guild === null || message.system || message.webhookId !== null) return undefined;
  if (channel.isDMBased() || !isPublicText(channel)) return undefined;
  return {
    id: message.id,
    channelId: channel.id,
    channelName: channel.name,
    author: {
      id: author.id,
      username: author.username,
      displayName: member?.displayName ?? author.displayName,
      roleColor: member ? colorOf(member) : defaultRoleColor,
      bot: author.bot,
    },
    content: cleanContent(message.content, {
      user: (id) => guild.members.cache.get(id)?.displayName ?? message.mentions.users.get(id)?.displayName,
      role: (id) => guild.roles.cache.get(id)?.name,
      channel: (id) => {
        const mentioned = guild.channels.cache.get(id);
        // The name of a private channel is private too.
        return mentioned && isPublicText(mentioned) ? mentioned.name : undefined;
      },
    }),
    attachments: message.attachments.size,
    createdAt: message.createdAt.toISOString(),
  };
}
