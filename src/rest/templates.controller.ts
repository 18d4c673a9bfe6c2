import { Body, Controller, Delete, Get, Header, HttpCode, Param, Put } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { type NotificationTemplateEntity } from '../queue/templates/notification-template.entity.js';
import { NotificationTemplateStore } from '../queue/templates/notification-template.store.js';
import { TemplateAnswer, TemplateList, TemplateParams, TemplateWriting } from './templates.dto.js';

/** How types of notifications look, as an operator wants them. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/templates')
export class TemplatesController {
  constructor(private readonly templates: NotificationTemplateStore) {}

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'All templates, by type and language, and what ails them' })
  @ApiOkResponse({ type: TemplateList })
  async list(): Promise<TemplateList> {
    return { templates: (await this.templates.list()).map(summaryOf) };
  }

  @Get(':type/:locale')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'One template' })
  @ApiOkResponse({ type: TemplateAnswer })
  @ApiNotFoundResponse({ description: 'The type has no template in this language.' })
  async read(@Param() { type, locale }: TemplateParams): Promise<TemplateAnswer> {
    const found = await this.templates.get(type, locale);
    if (!found) throw noSuchTemplate();
    return answerOf(found);
  }

  @Put(':type/:locale')
  @ApiOperation({
    summary: 'Write a template, over the former one',
    description:
      'How notifications of a type look in a language, one of ours or any other. Texts are Liquid; what is wrong with ' +
      'them is told with its place. The next delivery uses it. POST /api/v1/notifications/preview tries one first.',
  })
  @ApiOkResponse({ type: TemplateAnswer })
  @ApiBadRequestResponse({ description: 'Something in the template is not valid; `errors` says what and where.' })
  @ApiConflictResponse({ description: 'There are as many templates as there may be.' })
  async write(@Param() { type, locale }: TemplateParams, @Body() body: TemplateWriting): Promise<TemplateAnswer> {
    return answerOf(await this.templates.save(type, locale, body));
  }

  @Delete(':type/:locale')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget a template' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'The type has no template in this language.' })
  async remove(@Param() { type, locale }: TemplateParams): Promise<void> {
    if (!(await this.templates.remove(type, locale))) throw noSuchTemplate();
  }
}

function summaryOf({ type, locale, updatedAt, lastError, lastErrorAt }: NotificationTemplateEntity) {
  const told = lastError !== null && lastErrorAt !== null;
  return {
    type,
    locale,
    updatedAt: updatedAt.toISOString(),
    lastError: told ? { at: lastErrorAt.toISOString(), message: lastError } : null,
  };
}

function answerOf(row: NotificationTemplateEntity): TemplateAnswer {
  return { ...summaryOf(row), template: row.body as TemplateAnswer['template'] };
}

function noSuchTemplate(): Fault {
  return new Fault('resource.not_found', 'This type has no template in this language.');
}
