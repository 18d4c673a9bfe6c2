import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { wholeMember } from '../store/member-fields.js';
import { MemberStore } from '../store/member-store.js';
import { StoredGuilds } from '../store/stored-guilds.js';
import { LargeBody } from './large-body.interceptor.js';
import { actorOf } from './stored-guilds.controller.js';
import {
  GuildPath,
  MemberChange,
  MemberList,
  MemberPath,
  MemberReplacement,
  NewMember,
  PageQuery,
  StoredMemberDto,
  StoredMemberPage,
  UpsertedDto,
} from './stored-guilds.dto.js';

@ApiTags('store')
@RequireScope('admin')
@ApiBadRequestResponse({
  description: 'Something in the path, query or body is not valid; `errors` says what and where.',
})
@ApiNotFoundResponse({ description: 'There is no such guild in the store, or it has no such member.' })
@Controller('api/v1/admin/guilds/:guild/members')
export class StoredMembersController {
  constructor(
    private readonly store: MemberStore,
    private readonly stored: StoredGuilds,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Store a new member', description: 'The room hears `member.joined`.' })
  @ApiCreatedResponse({ type: StoredMemberDto })
  @ApiConflictResponse({ description: 'The guild has this member already, or as many as it may have.' })
  async create(
    @Param() { guild }: GuildPath,
    @Body() { id, ...fields }: NewMember,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredMemberDto> {
    response.setHeader('Location', `/api/v1/admin/guilds/${guild}/members/${id}`);
    return this.store.create(guild, wholeMember(id, fields), actorOf(caller));
  }

  @Put()
  @UseInterceptors(LargeBody)
  @ApiOperation({
    summary: 'Store many members, or replace them',
    description:
      'Up to 1000 in a body of up to 2 MiB, all of them or none. What is left out of one gets its default; members that ' +
      'are not named stay as they are. One that is as it was makes no event.',
  })
  @ApiOkResponse({ type: UpsertedDto })
  @ApiConflictResponse({ description: 'The guild would have more members than it may have.' })
  @ApiPayloadTooLargeResponse({ description: 'The body is larger than 2 MiB.' })
  putAll(
    @Param() { guild }: GuildPath,
    @Body() { members }: MemberList,
    @CallerKey() caller: ApiKey,
  ): Promise<UpsertedDto> {
    const whole = members.map(({ id, ...fields }) => wholeMember(id, fields));
    return this.store.put(guild, whole, actorOf(caller));
  }

  @Put(':member')
  @ApiOperation({ summary: 'Store a member, or replace it', description: 'What is left out gets its default.' })
  @ApiOkResponse({ type: StoredMemberDto })
  @ApiCreatedResponse({ type: StoredMemberDto })
  @ApiConflictResponse({ description: 'The guild has as many members as it may have.' })
  async put(
    @Param() { guild, member: id }: MemberPath,
    @Body() fields: MemberReplacement,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredMemberDto> {
    const member = wholeMember(id, fields);
    const { joined } = await this.store.put(guild, [member], actorOf(caller));
    if (joined > 0) response.status(201).setHeader('Location', `/api/v1/admin/guilds/${guild}/members/${id}`);
    return member;
  }

  @Patch(':member')
  @ApiOperation({
    summary: 'Change some of what is said of a member',
    description: 'The room hears `presence.updated` when status or activities alone change, else `member.updated`.',
  })
  @ApiOkResponse({ type: StoredMemberDto })
  patch(
    @Param() { guild, member }: MemberPath,
    @Body() fields: MemberChange,
    @CallerKey() caller: ApiKey,
  ): Promise<StoredMemberDto> {
    return this.store.patch(guild, member, fields, actorOf(caller));
  }

  @Delete(':member')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a member', description: 'The room hears `member.left`.' })
  @ApiNoContentResponse()
  async remove(@Param() { guild, member }: MemberPath, @CallerKey() caller: ApiKey): Promise<void> {
    await this.store.remove(guild, member, actorOf(caller));
  }

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'The stored members of a guild in pages, oldest id first' })
  @ApiOkResponse({ type: StoredMemberPage })
  async list(@Param() { guild }: GuildPath, @Query() { limit, cursor }: PageQuery): Promise<StoredMemberPage> {
    // One more tells whether there is another page.
    const { members: found, total } = await this.stored.members(guild, { limit: limit + 1, after: cursor });
    const members = found.slice(0, limit);
    return { members, nextCursor: found.length > limit ? (members.at(-1)?.id ?? null) : null, total };
  }

  @Get(':member')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'One stored member' })
  @ApiOkResponse({ type: StoredMemberDto })
  get(@Param() { guild, member }: MemberPath): Promise<StoredMemberDto> {
    return this.stored.member(guild, member);
  }
}
