import { Body, Controller, Get, Headers, HttpCode, Param, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiBody,
  ApiExtraModels,
  ApiForbiddenResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey, type KeyedRequest } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { type z } from 'zod';
import { Fault } from '../domain/fault.js';
import { type NotificationState } from '../domain/notification.js';
import { GuildDirectory } from '../gateway/guild-directory.js';
import { NotificationQueue } from '../queue/notification-queue.js';
import { longestBatch, type publishBatch, type PublishRequest } from '../queue/publish-request.js';
import { CallerRate } from '../rate-limit/caller-rate.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { LargeBody } from './large-body.interceptor.js';
import {
  AcceptedBatchDto,
  AcceptedNotificationDto,
  NotificationStatusDto,
  PublishBatchItemDto,
  PublishNotificationDto,
} from './notifications.dto.js';
import { mustBeAllowed } from './mention-right.js';
import { PublishBodyPipe } from './publish-body.pipe.js';

@ApiTags('notifications')
@RequireScope('publish')
@Controller('api/v1/notifications')
export class NotificationsController {
  constructor(
    private readonly queue: NotificationQueue,
    private readonly directory: GuildDirectory,
    private readonly rate: CallerRate,
  ) {}

  @Post()
  @HttpCode(202)
  @RateLimit('publish')
  @UseInterceptors(LargeBody)
  @ApiOperation({
    summary: 'Publish a notification, or up to 100',
    description:
      'The answer means that it is stored: it will be delivered, or end as dead, unknown or superseded with a reason. ' +
      'Of an array, all are stored or none, and each counts towards the limit of a minute.',
  })
  @ApiBody({
    schema: {
      oneOf: [
        { $ref: getSchemaPath(PublishNotificationDto) },
        { type: 'array', items: { $ref: getSchemaPath(PublishBatchItemDto) }, minItems: 1, maxItems: longestBatch },
      ],
    },
  })
  @ApiExtraModels(PublishNotificationDto, PublishBatchItemDto, AcceptedNotificationDto, AcceptedBatchDto)
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      '1 to 255 printable characters. The same key with the same body answers the first notification. For an array it ' +
      'stands for those without a key of their own, each by its place.',
  })
  @ApiAcceptedResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(AcceptedNotificationDto) }, { $ref: getSchemaPath(AcceptedBatchDto) }] },
  })
  @ApiBadRequestResponse({ description: 'The body or the Idempotency-Key is not valid.' })
  @ApiForbiddenResponse({ description: 'The key has not the scope publish, or names mentions and has not mention.' })
  @ApiPayloadTooLargeResponse({ description: 'The payload is larger than QUEUE_MAX_PAYLOAD_BYTES.' })
  @ApiTooManyRequestsResponse({ description: 'It costs more than is left of the minute. `Retry-After` tells when.' })
  @ApiUnprocessableEntityResponse({ description: 'The Idempotency-Key was used for another body.' })
  async publish(
    @Body(PublishBodyPipe) body: PublishRequest | z.infer<typeof publishBatch>,
    @Headers('idempotency-key') header: string | undefined,
    @CallerKey() caller: ApiKey,
    @Req() request: KeyedRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AcceptedNotificationDto | AcceptedBatchDto> {
    const key = readIdempotencyKey(header);
    const publisher = caller.id;
    if (Array.isArray(body)) {
      const keyOf = (index: number) => (key === undefined ? undefined : `${key}/${index}`);
      const requests = body.map((item, index) => ({
        ...item,
        publisher,
        idempotencyKey: item.idempotencyKey ?? keyOf(index),
      }));
      for (const [index, { mentions }] of body.entries()) mustBeAllowed(mentions, caller, `${index}.mentions`);
      await this.rate.takeItems('publish', body.length, request, response);
      for (const [index, { guildId }] of body.entries()) await this.mustKnow(guildId, `${index}.guildId`);
      return { notifications: (await this.queue.publishAll(requests)).map(accepted) };
    }
    mustBeAllowed(body.mentions, caller);
    await this.mustKnow(body.guildId, 'guildId');
    const answer = accepted(await this.queue.publish({ ...body, publisher, idempotencyKey: key }));
    response.setHeader('Location', answer.links.self);
    return answer;
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

  private async mustKnow(guildId: string | undefined, path: string): Promise<void> {
    if (guildId === undefined || (await this.directory.find(guildId))) return;
    const message = 'there is no such guild here';
    throw new Fault('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
  }
}

function accepted({ id, state }: { id: string; state: NotificationState }): AcceptedNotificationDto {
  return { id, state, links: { self: `/api/v1/notifications/${id}` } };
}
