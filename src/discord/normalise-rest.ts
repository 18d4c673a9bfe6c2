import { calculateUserDefaultAvatarIndex, type CDN } from 'discord.js';
import { z } from 'zod';
import { type Member } from '../domain/member.js';
import { compareSnowflakes, snowflake } from '../domain/snowflake.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { type ColoredRole, image, roleColorOf } from './normalise.js';

// Discord's own shapes, as far as they are read here.

const restRole = z.object({
  id: snowflake,
  position: z.number().int(),
  /** 0xRRGGBB; 0 = none. */
  color: z.number().int().min(0).max(0xffffff),
  colors: z.object({ primary_color: z.number().int().min(0).max(0xffffff) }).optional(),
});

export const listedGuild = z.object({ id: snowflake, name: z.string(), icon: z.string().nullish() });
export type ListedGuild = z.infer<typeof listedGuild>;

export const restGuild = listedGuild.extend({ roles: z.array(restRole) });
export type RestGuild = z.infer<typeof restGuild>;

export const restMember = z.object({
  user: z.object({
    id: snowflake,
    username: z.string(),
    discriminator: z.string().optional(),
    global_name: z.string().nullish(),
    avatar: z.string().nullish(),
    bot: z.boolean().optional(),
  }),
  nick: z.string().nullish(),
  avatar: z.string().nullish(),
  roles: z.array(snowflake),
  joined_at: z.iso.datetime({ offset: true }).nullish(),
});
export type RestMember = z.infer<typeof restMember>;

export function listedGuildOf({ id, name, icon }: ListedGuild, cdn: CDN): SourceGuild {
  return { id, name, iconUrl: icon ? cdn.icon(id, icon, image) : null };
}

/** By id. */
export function rolesOf({ roles }: RestGuild): ReadonlyMap<string, ColoredRole> {
  return new Map(
    roles.map(({ id, position, color, colors }) => [id, { id, position, color: colors?.primary_color ?? color }]),
  );
}

/** A member as `memberOf` would tell of them, but for the presence, which is not known over REST. */
export function restMemberOf(
  member: RestMember,
  { guildId, roles, cdn }: { guildId: string; roles: ReadonlyMap<string, ColoredRole>; cdn: CDN },
): Member {
  const { user } = member;
  const own = [...new Set(member.roles)].flatMap((id) => (id === guildId ? [] : (roles.get(id) ?? [])));
  return {
    id: user.id,
    username: user.username,
    displayName: member.nick ?? user.global_name ?? user.username,
    avatarUrl: member.avatar
      ? cdn.guildMemberAvatar(guildId, user.id, member.avatar, image)
      : user.avatar
        ? cdn.avatar(user.id, user.avatar, image)
        : cdn.defaultAvatar(defaultAvatarOf(user)),
    bot: user.bot ?? false,
    roleColor: roleColorOf(own),
    roleIds: own.map(({ id }) => id).sort(compareSnowflakes),
    status: 'offline',
    activities: [],
    voiceChannelId: null,
    joinedAt: member.joined_at ? new Date(member.joined_at).toISOString() : null,
  };
}

function defaultAvatarOf({ id, discriminator = '0' }: RestMember['user']): number {
  // Bots still have a number behind their name, from which theirs is taken.
  return Number(discriminator) === 0 ? calculateUserDefaultAvatarIndex(id) : Number(discriminator) % 5;
}
