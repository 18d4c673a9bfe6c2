import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { Public } from '../access/public.decorator.js';
import { Cached, keepPrivate } from '../cache/cached.decorator.js';
import { Fault } from '../domain/fault.js';
import { type ListedGuild, listedGuild } from '../domain/guild.js';
import { guildSnapshot } from '../domain/guild-snapshot.js';
import { member } from '../domain/member.js';
import { compareSnowflakes, isSnowflake } from '../domain/snowflake.js';
import { ClientAdmission } from '../gateway/client-admission.js';
import { type DirectoryEntry } from '../gateway/guild-directory.js';
import { JoinService } from '../gateway/join.service.js';

const guildList = z.object({ guilds: z.array(listedGuild) });
class GuildList extends createZodDto(guildList) {}
class Snapshot extends createZodDto(guildSnapshot) {}

const membersQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(64).optional(),
});
class MembersQuery extends createZodDto(membersQuery) {}

const memberPage = z.object({
  members: z.array(member),
  /** Null on the last page. */
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative(),
  source: z.string(),
  asOf: z.iso.datetime(),
  stale: z.boolean(),
  partial: z.array(z.string()),
});
class MemberPage extends createZodDto(memberPage) {}

/** Seconds for which an answer may be served again; an event of the guild ends that earlier here, but not in browsers. */
const ttlSeconds = 1;

/** As the guild is found, or an event of it would leave an answer that was asked for in another spelling. */
const tags = (request: Request) => [`guild:${String(request.params.guild).trim().toLowerCase().normalize('NFC')}`];

@ApiTags('guilds')
@Controller('api/v1/guilds')
export class GuildsController {
  constructor(
    private readonly joins: JoinService,
    private readonly admission: ClientAdmission,
  ) {}

  @Get()
  @Public()
  @Cached({ ttlSeconds, tags: () => ['guilds'] })
  @ApiOperation({ summary: 'The guilds that are shown; of a guarded one nothing but its name' })
  @ApiOkResponse({ type: GuildList })
  async list(@CallerKey() apiKey: ApiKey | undefined): Promise<z.infer<typeof guildList>> {
    const entries = await this.joins.list();
    return { guilds: await Promise.all(entries.map((entry) => this.listed(entry, apiKey))) };
  }

  @Get(':guild')
  @Public()
  @Cached({ ttlSeconds, tags })
  @ApiOperation({ summary: 'One guild with all its members, as its room shows it now', description: 'By id or alias.' })
  @ApiOkResponse({ type: Snapshot })
  async snapshot(
    @Param('guild') guild: string,
    @CallerKey() apiKey: ApiKey | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.infer<typeof guildSnapshot>> {
    const { entry, room } = await this.admit(guild, apiKey, response);
    return room.snapshot(entry);
  }

  @Get(':guild/members')
  @Public()
  @Cached({ ttlSeconds, tags })
  @ApiOperation({ summary: 'The members of a guild in pages, oldest account first' })
  @ApiOkResponse({ type: MemberPage })
  async members(
    @Param('guild') guild: string,
    @Query() query: MembersQuery,
    @CallerKey() apiKey: ApiKey | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.infer<typeof memberPage>> {
    const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor);
    const { entry, room } = await this.admit(guild, apiKey, response);
    const { members, source, asOf, stale, partial } = room.snapshot(entry);
    const rest = members
      .filter(({ id }) => after === undefined || compareSnowflakes(id, after) > 0)
      .sort((a, b) => compareSnowflakes(a.id, b.id));
    const page = rest.slice(0, query.limit);
    const last = page.at(-1);
    const nextCursor = last && rest.length > page.length ? Buffer.from(last.id).toString('base64url') : null;
    return { members: page, nextCursor, total: members.length, source, asOf, stale, partial };
  }

  private async admit(guild: string, apiKey: ApiKey | undefined, response: Response) {
    const { req } = response;
    const credentials = { ...this.admission.shownBy(req.headers), ...(apiKey && { apiKey }) };
    const address = this.admission.addressOf(req.socket.remoteAddress, req.headers);
    const admitted = await this.joins.admit({ guild, credentials, address });
    if (admitted.entry.door !== 'open') keepPrivate(response);
    return admitted;
  }

  /** A guild whose source does not answer is listed all the same, without its counts. */
  private async listed(entry: DirectoryEntry, apiKey: ApiKey | undefined): Promise<ListedGuild> {
    const { id, name, alias, iconUrl, default: isDefault, door } = entry;
    const known = { id, name, alias, default: isDefault, door };
    try {
      const { room } = await this.joins.admit({ guild: id, credentials: apiKey ? { apiKey } : {} });
      return { ...known, iconUrl, memberCount: room.memberCount, onlineCount: room.onlineCount };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const guarded = error.code === 'guild.guarded';
      return { ...known, iconUrl: guarded ? null : iconUrl, memberCount: null, onlineCount: null };
    }
  }
}

/** The id after which the page begins. Opaque to clients, so that its meaning may change. */
function readPageCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!isSnowflake(id)) throw new Fault('request.invalid', 'cursor: must be the nextCursor of a page before');
  return id;
}
