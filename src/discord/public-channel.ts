import { type Channel, ChannelType, GuildNSFWLevel, PermissionFlagsBits } from 'discord.js';

const textTypes: readonly ChannelType[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement];
const threadTypes: readonly ChannelType[] = [ChannelType.PublicThread, ChannelType.AnnouncementThread];

/**
 * Whether what is written in the channel may leave Discord: a text channel of a guild, or an open thread, that
 * @everyone can read and that is not marked NSFW, nor its guild. Whatever cannot be told is taken for private.
 */
export function isPublicText(channel: Channel | null): boolean {
  if (channel === null || channel.isDMBased()) return false;
  // A thread has neither overwrites nor an NSFW mark of its own: its parent's count.
  const bearer = channel.isThread() ? channel.parent : channel;
  if (bearer === null) return false;
  if (!(channel.isThread() ? threadTypes : textTypes).includes(channel.type)) return false;
  const { guild } = channel;
  if (guild.nsfwLevel === GuildNSFWLevel.AgeRestricted || guild.nsfwLevel === GuildNSFWLevel.Explicit) return false;
  if ('nsfw' in bearer && bearer.nsfw) return false;
  const everyone = guild.roles.cache.get(guild.id);
  if (everyone === undefined) return false;
  return bearer.permissionsFor(everyone).has(PermissionFlagsBits.ViewChannel);
}
