import { ChannelType, GuildNSFWLevel, PermissionFlagsBits } from 'discord.js';
import { z } from 'zod';
import { snowflake } from '../domain/snowflake.js';
import { type OpenChannel } from './discord-reading.js';

const bits = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);

// Discord's own shapes, as far as they tell who may read what.

export const guildOfRoles = z.object({
  id: snowflake,
  owner_id: snowflake.optional(),
  nsfw_level: z.number().default(0),
  roles: z.array(z.object({ id: snowflake, permissions: bits })),
});
type GuildOfRoles = z.infer<typeof guildOfRoles>;

export const memberOfRoles = z.object({ roles: z.array(snowflake) });

export const channelOfGuild = z.object({
  id: snowflake,
  type: z.number(),
  name: z.string().default(''),
  nsfw: z.boolean().default(false),
  permission_overwrites: z.array(z.object({ id: snowflake, allow: bits, deny: bits })).default([]),
});
type ChannelOfGuild = z.infer<typeof channelOfGuild>;

const textTypes: readonly number[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement];
const adultLevels: readonly number[] = [GuildNSFWLevel.AgeRestricted, GuildNSFWLevel.Explicit];

/** The channels whose messages may be shown, in Discord's order: those that are open to everybody and not NSFW. */
export function openChannels(
  guild: GuildOfRoles,
  channels: readonly ChannelOfGuild[],
  bot: { id: string; roles: readonly string[] },
): OpenChannel[] {
  if (adultLevels.includes(guild.nsfw_level)) return [];
  return channels
    .filter(({ type, nsfw }) => textTypes.includes(type) && !nsfw)
    .filter((channel) => mayView(guild, channel, { roles: [] }))
    .map((channel) => ({ id: channel.id, name: channel.name, read: mayView(guild, channel, bot) }));
}

/** In Discord's order: roles, then the channel's word on everybody, on roles, and on the one. */
function mayView(
  { id: everyone, owner_id: owner, roles }: GuildOfRoles,
  { permission_overwrites: overwrites }: ChannelOfGuild,
  who: { id?: string; roles: readonly string[] },
): boolean {
  if (who.id !== undefined && who.id === owner) return true;
  const own = roles.filter(({ id }) => id === everyone || who.roles.includes(id));
  let allowed = own.reduce((sum, { permissions }) => sum | permissions, 0n);
  if (allowed & PermissionFlagsBits.Administrator) return true;
  for (const chosen of [
    overwrites.filter(({ id }) => id === everyone),
    overwrites.filter(({ id }) => id !== everyone && who.roles.includes(id)),
    overwrites.filter(({ id }) => id === who.id),
  ]) {
    for (const { deny } of chosen) allowed &= ~deny;
    for (const { allow } of chosen) allowed |= allow;
  }
  return (allowed & PermissionFlagsBits.ViewChannel) !== 0n;
}
