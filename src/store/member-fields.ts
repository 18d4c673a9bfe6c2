import { z } from 'zod';
import { type Member, roleColor } from '../domain/member.js';
import { activity, status } from '../domain/presence.js';
import { defaultRoleColor } from '../domain/role-color.js';
import { snowflake } from '../domain/snowflake.js';
import { storedText, storedUrl } from './stored-text.js';

const longestName = 100;
/** Of an activity, in characters, as many as Discord allows. */
const longestLine = 128;
/** As many roles as a Discord guild can have. */
const mostRoles = 250;
const mostActivities = 10;
const lastTime = Date.UTC(9999, 11, 31);

/** Any zone comes in; what is kept, told and compared is UTC with milliseconds. */
const time = z.iso
  .datetime({ offset: true, message: 'must be a time like 2026-01-31T12:00:00Z' })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) <= lastTime, 'must be of the years 1970 to 9999')
  .overwrite((text) => utc(text));

function utc(text: string): string {
  const date = new Date(text);
  // Checks that failed before have been noted; this is no place to throw.
  return Number.isNaN(date.getTime()) ? text : date.toISOString();
}

const fields = z.strictObject({
  username: storedText(longestName),
  displayName: storedText(longestName),
  avatarUrl: storedUrl.nullable(),
  bot: z.boolean(),
  roleColor: z
    .string()
    .toLowerCase()
    .check(...(roleColor.def.checks ?? [])),
  roleIds: z.array(snowflake).max(mostRoles),
  status,
  activities: z
    .array(
      z.strictObject({
        type: activity.shape.type,
        name: storedText(longestLine),
        state: storedText(longestLine).optional(),
        details: storedText(longestLine).optional(),
      }),
    )
    .max(mostActivities),
  voiceChannelId: snowflake.nullable(),
  joinedAt: time.nullable(),
});

/** A whole member without the id: what is left out gets its default, the display name that of the user name. */
export const memberFields = fields.extend({
  displayName: fields.shape.displayName.optional(),
  avatarUrl: fields.shape.avatarUrl.default(null),
  bot: fields.shape.bot.default(false),
  roleColor: fields.shape.roleColor.default(defaultRoleColor),
  roleIds: fields.shape.roleIds.default([]),
  status: fields.shape.status.default('offline'),
  activities: fields.shape.activities.default([]),
  voiceChannelId: fields.shape.voiceChannelId.default(null),
  joinedAt: fields.shape.joinedAt.default(null),
});

/** What is left out stays as it is. */
export const memberPatch = fields.partial();
export type MemberPatch = z.infer<typeof memberPatch>;

export function wholeMember(id: string, told: z.infer<typeof memberFields>): Member {
  return { ...told, id, displayName: told.displayName ?? told.username };
}
