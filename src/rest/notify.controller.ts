import { Controller, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiBasicAuth,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { type ApiKey } from '../access/api-keys.js';
import { AllowBasicKey } from '../access/basic-key.decorator.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { NotificationQueue } from '../queue/notification-queue.js';
import { QUEUE_CONFIG, type QueueConfig } from '../queue/queue.config.js';
import { QueueInspection } from '../queue/queue-inspection.js';
import { NotificationRoutes } from '../queue/routes/notification-routes.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { AcceptedNotificationDto } from './notifications.dto.js';
import { publishRequestOf, readNotify } from './notify.dto.js';
import { readRawBody } from './raw-body.js';

const headers: readonly [string, string][] = [
  ['Title', 'UTF-8, or encoded words of RFC 2047.'],
  ['Priority', 'low, normal, high or critical, or a number from 1 to 5.'],
  ['Tags', 'Separated by commas.'],
  ['Type', 'Decides how it looks; `note` unless given.'],
  ['Collapse-Key', 'A newer notification of the same key takes the place of those that still wait.'],
  ['Group-Key', 'Notifications of one group go out in their order.'],
  ['Delay', 'How long it waits, such as 30m, or until when. `Not-Before` says the same.'],
  ['Expires', 'From then on nobody wants it any more.'],
  ['Idempotency-Key', 'The same key with the same request answers the first notification.'],
];

/** The least that a shell script has to know: `curl -d "Backup failed" …/notify/<route>`. */
@ApiTags('notifications')
@AllowBasicKey()
@ApiBasicAuth()
@RequireScope('publish')
@Controller('api/v1/notify')
export class NotifyController {
  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly queue: NotificationQueue,
    private readonly routes: NotificationRoutes,
    private readonly inspection: QueueInspection,
  ) {}

  @Post(':route')
  @HttpCode(202)
  @RateLimit('publish')
  @ApiOperation({
    summary: 'Publish a text by a route',
    description:
      'The body is the message, whatever its Content-Type says, unless that is JSON: then it may have title, message, ' +
      'priority, tags, type, payload, collapseKey, groupKey, notBefore, delay and expiresAt, which come before headers. ' +
      'Each header may have `X-` before it. With `Accept: text/plain` the answer is one line.',
  })
  @ApiConsumes('text/plain', 'application/json')
  @ApiBody({ schema: { type: 'string' } })
  @ApiHeaders(headers)
  @ApiAcceptedResponse({ type: AcceptedNotificationDto })
  @ApiBadRequestResponse({ description: 'There is nothing to tell, or a header or the body is not valid.' })
  @ApiNotFoundResponse({ description: 'There is no such route.' })
  @ApiPayloadTooLargeResponse({ description: 'The body is larger than QUEUE_MAX_PAYLOAD_BYTES.' })
  async notify(
    @Param('route') route: string,
    @Headers('idempotency-key') key: string | undefined,
    @CallerKey() caller: ApiKey,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AcceptedNotificationDto | string> {
    const idempotencyKey = readIdempotencyKey(key);
    const raw = await readRawBody(request, this.config.QUEUE_MAX_PAYLOAD_BYTES);
    const fields = readNotify(raw, request.headers);
    await this.routes.get(route);
    const wanted = await publishRequestOf(route, fields, () => this.inspection.now());
    const { id, state } = await this.queue.publish({
      ...wanted,
      publisher: caller.id,
      idempotencyKey,
      // A wait of 30 minutes is another time at each repetition.
      alike: { route, ...fields },
    });
    const self = `/api/v1/notifications/${id}`;
    response.setHeader('Location', self);
    if (request.accepts(['application/json', 'text/plain']) !== 'text/plain') return { id, state, links: { self } };
    response.type('text/plain');
    return `${id} ${state} ${self}\n`;
  }
}

function ApiHeaders(list: readonly [string, string][]): MethodDecorator {
  return (target, property, descriptor) => {
    for (const [name, description] of list)
      ApiHeader({ name, description, required: false })(target, property, descriptor);
  };
}
