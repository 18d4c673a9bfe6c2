import { type Channel, ChannelType, type GuildBasedChannel, GuildNSFWLevel, PermissionFlagsBits } from 'discord.js';
import { type ShownFilter } from '../domain/shown-filter.js';

const textTypes: readonly ChannelType[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement];
const voiceTypes: readonly ChannelType[] = [ChannelType.GuildVoice, ChannelType.GuildStageVoice];
const threadTypes: readonly ChannelType[] = [ChannelType.PublicThread, ChannelType.AnnouncementThread];

/**
 * Whether what is written in the channel may leave Discord: a text channel of a guild, or an open thread, that
 * @everyone can read and that is not marked NSFW, nor its guild. Whatever cannot be told is taken for private.
 */
export function isPublicText(channel: Channel | null): channel is GuildBasedChannel {
  if (channel === null || channel.isDMBased()) return false;
  return (channel.isThread() ? threadTypes : textTypes).includes(channel.type) && isOpen(channel);
}

/** The same, or the operator names the channel. `filter` is the guild's, if it has one. */
export function mayLeave(channel: Channel | null, filter: ShownFilter | undefined): channel is GuildBasedChannel {
  if (channel === null || channel.isDMBased()) return false;
  return filter?.channels?.has(channel.id) === true || isPublicText(channel);
}

/** Whether it may leave Discord who is in the channel: it is for voice, and everybody can see it. */
export function isPublicVoice(channel: Channel | null): channel is GuildBasedChannel {
  return channel !== null && !channel.isDMBased() && voiceTypes.includes(channel.type) && isOpen(channel);
}

/** Whether everybody can see the channel, and neither it nor its guild is marked NSFW. */
export function isOpen(channel: GuildBasedChannel): boolean {
  const bearer = bearerOf(channel);
  if (bearer === null) return false;
  const { guild } = channel;
  if (guild.nsfwLevel === GuildNSFWLevel.AgeRestricted || guild.nsfwLevel === GuildNSFWLevel.Explicit) return false;
  if ('nsfw' in bearer && bearer.nsfw) return false;
  const everyone = guild.roles.cache.get(guild.id);
  if (everyone === undefined) return false;
  return bearer.permissionsFor(everyone).has(PermissionFlagsBits.ViewChannel);
}

/** A thread has neither overwrites nor an NSFW mark of its own: its parent's count. */
export function bearerOf(channel: GuildBasedChannel): Exclude<GuildBasedChannel, { isThread(): true }> | null {
  return channel.isThread() ? channel.parent : channel;
}
