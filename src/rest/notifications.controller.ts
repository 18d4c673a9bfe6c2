import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { NotificationQueue } from '../queue/notification-queue.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { AcceptedNotificationDto, NotificationStatusDto, PublishNotificationDto } from './notifications.dto.js';

@ApiTags('notifications')
@RequireScope('publish')
@Controller('api/v1/notifications')
export class NotificationsController {
  constructor(
    private readonly queue: NotificationQueue,
    private readonly directory: GuildDirectory,
  ) {}

  @Post()
  @HttpCode(202)
  @RateLimit('publish')
  @ApiOperation({
    summary: 'Publish a notification',
    description: 'The answer means that it is stored: it will be delivered, or end as dead or unknown with a reason.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: '1 to 255 printable characters. The same key with the same body answers the first notification.',
  })
  @ApiAcceptedResponse({ type: AcceptedNotificationDto })
  @ApiBadRequestResponse({ description: 'The body or the Idempotency-Key is not valid.' })
  @ApiPayloadTooLargeResponse({ description: 'The payload is larger than QUEUE_MAX_PAYLOAD_BYTES.' })
  @ApiUnprocessableEntityResponse({ description: 'The Idempotency-Key was used for another body.' })
  async publish(
    @Body() request: PublishNotificationDto,
    @Headers('idempotency-key') key: string | undefined,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AcceptedNotificationDto> {
    if (request.guildId !== undefined && !(await this.directory.find(request.guildId))) {
      throw new Fault('request.invalid', 'guildId: there is no such guild here');
    }
    const { id, state } = await this.queue.publish({
      ...request,
      publisher: caller.id,
      idempotencyKey: readIdempotencyKey(key),
    });
    const self = `/api/v1/notifications/${id}`;
    response.setHeader('Location', self);
    return { id, state, links: { self } };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'One notification with its tries',
    description: 'A key sees what it published itself; an admin key sees all.',
  })
  @ApiOkResponse({ type: NotificationStatusDto })
  @ApiNotFoundResponse({ description: 'There is none with this id that the key may see.' })
  async status(
    @Param('id') id: string,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NotificationStatusDto> {
    response.setHeader('Cache-Control', 'private, no-store');
    return this.queue.get(id, caller.scopes.has('admin') ? undefined : caller.id);
  }
}
