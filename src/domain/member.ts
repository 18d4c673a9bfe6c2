import { z } from 'zod';
import { activity, platforms, status } from './presence.js';
import { snowflake } from './snowflake.js';

export const roleColor = z.string().regex(/^#[0-9a-f]{6}$/, 'must be a colour like #99aab5');

export const member = z.object({
  id: snowflake,
  username: z.string(),
  displayName: z.string(),
  avatarUrl: z.string().nullable(),
  bot: z.boolean(),
  roleColor,
  roleIds: z.array(snowflake),
  status,
  activities: z.array(activity),
  platforms,
  /** Null too where the source does not tell, or not everybody may see the channel. */
  voiceChannelId: snowflake.nullable(),
  joinedAt: z.iso.datetime().nullable(),
});
export type Member = z.infer<typeof member>;

/** The part of a member that events carry, so that a client can show them without knowing them. */
export const memberReference = member.pick({ id: true, username: true, displayName: true, roleColor: true });
export type MemberReference = z.infer<typeof memberReference>;

export function referenceOf({ id, username, displayName, roleColor }: Member): MemberReference {
  return { id, username, displayName, roleColor };
}
