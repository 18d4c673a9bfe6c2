import { Body, Controller, Get, Header, Param, Patch, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiConflictResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/require-scope.decorator.js';
import { showsEverything } from '../domain/shown-filter.js';
import { compareSnowflakes } from '../domain/snowflake.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { type GuildSettings } from '../guilds/guild-settings.entity.js';
import { GuildSettingsStore } from '../guilds/guild-settings.js';
import { GuildSettingsAnswer, GuildSettingsChange, GuildSettingsPage } from './guild-settings.dto.js';
import { guildIdOf } from './known-guild.js';
import { PageQuery } from './stored-guilds.dto.js';

/** What an operator decides about a guild, whatever source it comes from. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin')
export class GuildSettingsController {
  constructor(
    private readonly settings: GuildSettingsStore,
    private readonly directory: GuildDirectory,
  ) {}

  @Get('settings')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'The settings of all guilds about which something was decided, oldest id first' })
  @ApiOkResponse({ type: GuildSettingsPage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<GuildSettingsPage> {
    const rest = (await this.settings.all())
      .filter(({ guildId }) => cursor === undefined || compareSnowflakes(guildId, cursor) > 0)
      .sort((a, b) => compareSnowflakes(a.guildId, b.guildId));
    const page = rest.slice(0, limit);
    const nextCursor = rest.length > page.length ? (page.at(-1)?.guildId ?? null) : null;
    return { settings: page.map(viewOf), nextCursor };
  }

  @Get('guilds/:guild/settings')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'What was decided about a guild', description: 'By id or alias.' })
  @ApiOkResponse({ type: GuildSettingsAnswer })
  async read(@Param('guild') guild: string): Promise<GuildSettingsAnswer> {
    const guildId = await guildIdOf(this.directory, guild);
    return viewOf((await this.settings.get(guildId)) ?? undecided(guildId));
  }

  @Patch('guilds/:guild/settings')
  @ApiOperation({
    summary: 'Decide something about a guild',
    description:
      'By id or alias; also by the id of a guild that is not shown. What is left out stays. Members who are no longer ' +
      'shown leave the room with `member.left`, those who are shown now join it with `member.joined`.',
  })
  @ApiOkResponse({ type: GuildSettingsAnswer })
  @ApiBadRequestResponse({ description: 'Something in the body is not valid; `errors` says what and where.' })
  @ApiConflictResponse({ description: 'Another guild has the alias.' })
  async change(@Param('guild') guild: string, @Body() patch: GuildSettingsChange): Promise<GuildSettingsAnswer> {
    const saved = await this.settings.save(await guildIdOf(this.directory, guild), patch);
    this.directory.forget();
    return viewOf(saved);
  }
}

function viewOf(row: Omit<GuildSettings, 'updatedAt'> & { updatedAt: Date | null }): GuildSettingsAnswer {
  const { guildId, enabled, alias, isDefault, door, updatedAt } = row;
  const { hideOffline, hideBots, ignoredUsers, ignoredRoles, messages, channels } = row;
  return {
    ...{ guildId, enabled, alias, isDefault, door },
    ...{ hideOffline, hideBots, ignoredUsers, ignoredRoles, messages, channels },
    updatedAt: updatedAt?.toISOString() ?? null,
  };
}

function undecided(guildId: string) {
  const { hideOffline, hideBots, messages } = showsEverything;
  return {
    ...{ guildId, enabled: true, alias: null, isDefault: false, door: null },
    ...{ hideOffline, hideBots, ignoredUsers: [], ignoredRoles: [], messages, channels: null },
    updatedAt: null,
  };
}
