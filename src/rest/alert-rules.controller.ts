import { Body, Controller, Delete, Get, Header, HttpCode, Param, Put } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RequireScope } from '../access/require-scope.decorator.js';
import { settleTerms } from '../domain/alert-rule.js';
import { Fault } from '../domain/fault.js';
import { AlertWatch } from '../gateway/alert.watch.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { type AlertRuleEntity } from '../guilds/alert-rule.entity.js';
import { AlertRuleStore } from '../guilds/alert-rule.store.js';
import { AlertRuleAnswer, AlertRuleBody, AlertRuleList, AlertRuleParams } from './alert-rules.dto.js';

/** When a guild says something by itself. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/guilds/:guild/alerts')
export class AlertRulesController {
  constructor(
    private readonly rules: AlertRuleStore,
    private readonly directory: GuildDirectory,
    private readonly watch: AlertWatch,
  ) {}

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'The alert rules of a guild, and how they stand', description: 'By id or alias.' })
  @ApiOkResponse({ type: AlertRuleList })
  async list(@Param('guild') guild: string): Promise<AlertRuleList> {
    const rules = (await this.rules.all()).get(await this.kept(guild)) ?? [];
    return { alerts: rules.map((rule) => this.answer(rule)) };
  }

  @Get(':name')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'One alert rule, and how it stands' })
  @ApiOkResponse({ type: AlertRuleAnswer })
  @ApiNotFoundResponse({ description: 'The guild is not known, or has no such rule.' })
  async read(@Param() { guild, name }: AlertRuleParams): Promise<AlertRuleAnswer> {
    const rule = (await this.rules.all()).get(await this.kept(guild))?.find((one) => one.name === name);
    if (!rule) throw noSuchRule();
    return this.answer(rule);
  }

  @Put(':name')
  @ApiOperation({
    summary: 'Write an alert rule, over the former one of that name',
    description:
      'When the figure crosses the threshold, the room gets an event `announcement.created` by itself: `data` with ' +
      '`alert` in it. An alert that is raised stays so as long as figure, threshold and `rearm` are the same.',
  })
  @ApiOkResponse({ type: AlertRuleAnswer })
  @ApiConflictResponse({ description: 'There are as many rules as there may be.' })
  async write(@Param() { guild, name }: AlertRuleParams, @Body() body: AlertRuleBody): Promise<AlertRuleAnswer> {
    const entry = await this.directory.find(guild);
    if (!entry) throw noSuchGuild();
    return this.answer(await this.rules.save(entry.id, name, settleTerms(body)));
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget an alert rule' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'The guild is not known, or has no such rule.' })
  async remove(@Param() { guild, name }: AlertRuleParams): Promise<void> {
    if (!(await this.rules.remove(await this.kept(guild), name))) throw noSuchRule();
  }

  /** The id of a guild that is shown, or of one that left rules behind. */
  private async kept(guild: string): Promise<string> {
    const entry = await this.directory.find(guild);
    if (entry) return entry.id;
    if ((await this.rules.all()).has(guild)) return guild;
    throw noSuchGuild();
  }

  private answer(rule: AlertRuleEntity): AlertRuleAnswer {
    const { name, figure, side, threshold, rearm, forSeconds, data, tellCleared, enabled, raisedAt } = rule;
    const { state, value } = this.watch.standing(rule);
    const terms = { name, figure, [side]: threshold, rearm, forSeconds, data, tellCleared, enabled };
    return { ...terms, state, value, raisedAt: raisedAt?.toISOString() ?? null };
  }
}

function noSuchGuild(): Fault {
  return new Fault('guild.not_found', 'There is no such guild.');
}

function noSuchRule(): Fault {
  return new Fault('resource.not_found', 'This guild has no alert rule of that name.');
}
