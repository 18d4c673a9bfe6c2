import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { GuildStore } from '../store/guild-store.js';
import { STORE_OPTIONS, type StoreOptions } from '../store/store-options.js';
import { type StoredGuild } from '../store/stored-guild.entity.js';
import { StoredGuilds } from '../store/stored-guilds.js';
import {
  GuildChange,
  GuildPath,
  GuildReplacement,
  NewGuild,
  PageQuery,
  StoredGuildDto,
  StoredGuildPage,
} from './stored-guilds.dto.js';

/** As events name whoever made a change. */
export function actorOf({ id }: ApiKey): string {
  return `key:${id}`;
}

@ApiTags('store')
@RequireScope('admin')
@ApiBadRequestResponse({
  description: 'Something in the path, query or body is not valid; `errors` says what and where.',
})
@Controller('api/v1/admin/guilds')
export class StoredGuildsController {
  constructor(
    private readonly store: GuildStore,
    private readonly stored: StoredGuilds,
    private readonly directory: GuildDirectory,
    @Inject(STORE_OPTIONS) private readonly options: StoreOptions,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Store a new guild',
    description:
      'It is shown at once where `DATA_PROVIDERS` names `store`; otherwise it is kept, and `shown` is false.',
  })
  @ApiCreatedResponse({ type: StoredGuildDto })
  @ApiConflictResponse({ description: 'It is stored already, another source shows it, or the store is full.' })
  async create(
    @Body() { id, ...fields }: NewGuild,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredGuildDto> {
    await this.mustBeOurs(id);
    const guild = await this.store.create(id, fields, actorOf(caller));
    return this.changed(guild, response, true);
  }

  @Put(':guild')
  @ApiOperation({
    summary: 'Store a guild, or replace what is said of it',
    description: 'What is left out gets its default. The members stay as they are.',
  })
  @ApiOkResponse({ type: StoredGuildDto })
  @ApiCreatedResponse({ type: StoredGuildDto })
  @ApiConflictResponse({ description: 'Another source shows it, or the store is full.' })
  async put(
    @Param() { guild: id }: GuildPath,
    @Body() fields: GuildReplacement,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredGuildDto> {
    if (!(await this.stored.has(id))) await this.mustBeOurs(id);
    const { guild, created } = await this.store.put(id, fields, actorOf(caller));
    return this.changed(guild, response, created);
  }

  @Patch(':guild')
  @ApiOperation({ summary: 'Change some of what is said of a stored guild' })
  @ApiOkResponse({ type: StoredGuildDto })
  @ApiNotFoundResponse({ description: 'There is no such guild in the store.' })
  async patch(
    @Param() { guild: id }: GuildPath,
    @Body() fields: GuildChange,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StoredGuildDto> {
    return this.changed(await this.store.patch(id, fields, actorOf(caller)), response, false);
  }

  @Delete(':guild')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a stored guild with all its members', description: 'Its room ends.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such guild in the store.' })
  async remove(@Param() { guild: id }: GuildPath, @CallerKey() caller: ApiKey): Promise<void> {
    await this.store.remove(id, actorOf(caller));
    this.directory.forget();
  }

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'The stored guilds in pages, oldest id first' })
  @ApiOkResponse({ type: StoredGuildPage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<StoredGuildPage> {
    // One more tells whether there is another page.
    const found = await this.stored.guilds({ limit: limit + 1, after: cursor });
    const guilds = found.slice(0, limit);
    const nextCursor = found.length > limit ? (guilds.at(-1)?.id ?? null) : null;
    return { guilds: guilds.map((guild) => this.view(guild)), nextCursor };
  }

  @Get(':guild')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'One stored guild' })
  @ApiOkResponse({ type: StoredGuildDto })
  @ApiNotFoundResponse({ description: 'There is no such guild in the store.' })
  async get(@Param() { guild }: GuildPath): Promise<StoredGuildDto> {
    return this.view(await this.stored.guild(guild));
  }

  private changed(guild: StoredGuild, response: Response, created: boolean): StoredGuildDto {
    // The event says so too, a little later; who was answered may ask for the guild now.
    this.directory.forget();
    if (created) response.status(201).setHeader('Location', `/api/v1/admin/guilds/${guild.id}`);
    return this.view(guild);
  }

  private view(guild: StoredGuild): StoredGuildDto {
    const { id, name, iconUrl, alias, default: isDefault, door, memberCount } = guild;
    return { id, name, iconUrl, alias, default: isDefault, door, memberCount, shown: this.options.speaksFor(id) };
  }

  /** A room hears one source: what we told would be laid over what another says. */
  private async mustBeOurs(id: string): Promise<void> {
    if (!this.options.speaksFor(id)) return;
    const shown = await this.directory.find(id);
    if (!shown || shown.id !== id || shown.source === 'store') return;
    throw new Fault('request.conflict', `This guild is shown from the data source ${shown.source} already.`);
  }
}
