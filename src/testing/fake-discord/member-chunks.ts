import { type FakeGuild } from './fake-guild.js';
import { type MemberRequest } from './gateway-commands.js';
import { type MemberState, memberPayload, presencePayload } from './payloads.js';

const chunkSize = 1000;
const mostByIdOrQuery = 100;

/** Takes the chunks of an answer and gives back what is sent: in another order, without some, or none. */
export type ChunkFault = (chunks: readonly unknown[]) => readonly unknown[];

/** The GUILD_MEMBERS_CHUNK payloads that answer a REQUEST_GUILD_MEMBERS; at least one, which may be empty. */
export function memberChunks(guild: FakeGuild, request: MemberRequest): unknown[] {
  const { found, missing } = select(guild, request);
  const count = Math.max(1, Math.ceil(found.length / chunkSize));
  return Array.from({ length: count }, (_, index) => {
    const members = found.slice(index * chunkSize, (index + 1) * chunkSize);
    const online = members.filter(({ status }) => status !== 'offline');
    return {
      guild_id: guild.id,
      members: members.map(memberPayload),
      chunk_index: index,
      chunk_count: count,
      not_found: missing,
      ...(request.presences ? { presences: online.map(presencePayload) } : {}),
      ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    };
  });
}

function select(
  guild: FakeGuild,
  { userIds, query = '', limit }: MemberRequest,
): { found: MemberState[]; missing: string[] } {
  if (userIds) {
    const asked = userIds.slice(0, mostByIdOrQuery);
    return {
      found: asked.flatMap((id) => guild.members.get(id) ?? []),
      missing: asked.filter((id) => !guild.members.has(id)),
    };
  }
  const all = [...guild.members.values()];
  if (query === '' && limit === 0) return { found: all, missing: [] };
  const start = query.toLowerCase();
  const fits = ({ user, nick }: MemberState): boolean =>
    [user.username, user.global_name, nick].some((name) => name?.toLowerCase().startsWith(start));
  return { found: all.filter(fits).slice(0, Math.min(limit || mostByIdOrQuery, mostByIdOrQuery)), missing: [] };
}
