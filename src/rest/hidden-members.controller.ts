import { Controller, Delete, HttpCode, Param, Put } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { HiddenMembers } from '../guilds/hidden-members.js';
import { HiddenEverywherePath, HiddenPath } from './guild-settings.dto.js';
import { guildIdOf } from './known-guild.js';
import { actorOf } from './stored-guilds.controller.js';

/** Members who do not want to be seen. Nothing here answers with who they are. */
@ApiTags('admin')
@RequireScope('admin')
@ApiBadRequestResponse({ description: 'Something in the path is not valid; `errors` says what and where.' })
@Controller('api/v1/admin')
export class HiddenMembersController {
  constructor(
    private readonly hidden: HiddenMembers,
    private readonly directory: GuildDirectory,
  ) {}

  @Put('guilds/:guild/hidden/:userId')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Hide a member of a guild',
    description:
      'By id or alias of the guild. The member leaves the room with `member.left`, and what was said of them before ' +
      'is told to nobody any more: clients that come back from before get a snapshot. What the store holds of them ' +
      'is deleted.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such guild.' })
  @ApiConflictResponse({ description: 'As many members hide as may.' })
  async hide(@Param() { guild, userId }: HiddenPath, @CallerKey() caller: ApiKey): Promise<void> {
    await this.hidden.hide(await guildIdOf(this.directory, guild), userId, actorOf(caller));
  }

  @Delete('guilds/:guild/hidden/:userId')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Show a hidden member of a guild again',
    description: 'Who hides everywhere stays hidden. Where nobody hides nothing happens.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such guild.' })
  async show(@Param() { guild, userId }: HiddenPath): Promise<void> {
    await this.hidden.show(await guildIdOf(this.directory, guild), userId);
  }

  @Put('hidden/:userId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Hide somebody in every guild' })
  @ApiNoContentResponse()
  @ApiConflictResponse({ description: 'As many members hide as may.' })
  async hideEverywhere(@Param() { userId }: HiddenEverywherePath, @CallerKey() caller: ApiKey): Promise<void> {
    await this.hidden.hide(null, userId, actorOf(caller));
  }

  @Delete('hidden/:userId')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take back that somebody hides in every guild',
    description: 'Single guilds stay as they are.',
  })
  @ApiNoContentResponse()
  async showEverywhere(@Param() { userId }: HiddenEverywherePath): Promise<void> {
    await this.hidden.show(null, userId);
  }
}
