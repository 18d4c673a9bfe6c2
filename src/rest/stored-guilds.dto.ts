import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { door } from '../domain/guild.js';
import { member } from '../domain/member.js';
import { snowflake } from '../domain/snowflake.js';
import { guildFields, guildPatch } from '../store/guild-fields.js';
import { memberFields, memberPatch } from '../store/member-fields.js';

/** Members of one body. */
const mostMembers = 1_000;

export class GuildPath extends createZodDto(z.object({ guild: snowflake })) {}
export class MemberPath extends createZodDto(z.object({ guild: snowflake, member: snowflake })) {}

const page = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: snowflake.optional().describe('`nextCursor` of the page before.'),
});
export class PageQuery extends createZodDto(page) {}
const nextCursor = z.string().nullable().describe('Null on the last page.');

export class NewGuild extends createZodDto(guildFields.extend({ id: snowflake })) {}
export class GuildReplacement extends createZodDto(guildFields) {}
export class GuildChange extends createZodDto(guildPatch) {}

const storedGuild = z.object({
  id: snowflake,
  name: z.string(),
  iconUrl: z.string().nullable(),
  alias: z.string().nullable().describe('Suggested; an operator’s own, and one that is taken, come first.'),
  default: z.boolean().describe('Suggested, as the door is.'),
  door,
  memberCount: z.int().nonnegative(),
  shown: z.boolean().describe('False while the data source `store` is not among those asked about the guild.'),
});
export class StoredGuildDto extends createZodDto(storedGuild) {}
export class StoredGuildPage extends createZodDto(z.object({ guilds: z.array(storedGuild), nextCursor })) {}

const identified = memberFields.extend({ id: snowflake });
export class NewMember extends createZodDto(identified) {}
export class MemberReplacement extends createZodDto(memberFields) {}
export class MemberChange extends createZodDto(memberPatch) {}

const memberList = z.strictObject({
  members: z
    .array(identified)
    .max(mostMembers)
    .superRefine((members, context) => {
      const seen = new Set<string>();
      members.forEach(({ id }, index) => {
        if (seen.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: 'is there twice' });
        seen.add(id);
      });
    }),
});
export class MemberList extends createZodDto(memberList) {}

export class StoredMemberDto extends createZodDto(member) {}
export class StoredMemberPage extends createZodDto(
  z.object({ members: z.array(member), nextCursor, total: z.int().nonnegative() }),
) {}

const upserted = z.object({
  joined: z.int().nonnegative(),
  updated: z.int().nonnegative(),
  unchanged: z.int().nonnegative(),
  hidden: z.int().positive().optional().describe('Left out, since they hide.'),
});
export class UpsertedDto extends createZodDto(upserted) {}
