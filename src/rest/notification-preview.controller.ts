import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type ApiKey } from '../access/api-keys.js';
import { CallerKey } from '../access/caller-key.decorator.js';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Fault } from '../domain/fault.js';
import { NotificationRoutes } from '../queue/routes/notification-routes.js';
import { NotificationPreview } from '../queue/templates/notification-preview.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { mustBeAllowed } from './mention-right.js';
import { PreviewAnswer, PreviewRequest } from './notification-preview.dto.js';

/** Publishing without a notification. */
@ApiTags('notifications')
@RequireScope('publish')
@Controller('api/v1/notifications/preview')
export class NotificationPreviewController {
  constructor(
    private readonly preview: NotificationPreview,
    private readonly routes: NotificationRoutes,
  ) {}

  @Post()
  @HttpCode(200)
  @RateLimit('publish')
  @ApiOperation({
    summary: 'Show what a notification would look like',
    description:
      'The body is that of a publish request. Nothing is stored or sent, and the target is not looked at. Of a route, its language and priority are.',
  })
  @ApiOkResponse({ type: PreviewAnswer })
  @ApiBadRequestResponse({ description: 'The body is not valid, or the template in it.' })
  @ApiForbiddenResponse({
    description:
      'The key has not the scope publish, names mentions and has not mention, or brings a template and has not admin.',
  })
  @ApiPayloadTooLargeResponse({ description: 'The payload is larger than QUEUE_MAX_PAYLOAD_BYTES.' })
  async show(@Body() { template, ...request }: PreviewRequest, @CallerKey() caller: ApiKey): Promise<PreviewAnswer> {
    if (template && !caller.scopes.has('admin')) {
      throw new Fault('access.scope_missing', 'A template needs a key with the scope admin.');
    }
    mustBeAllowed(request.mentions, caller);
    const look = await this.routes.look(request);
    const { message, discord, by, warnings } = this.preview.show({ ...request, ...look }, template);
    return { message: { ...message }, discord, template: by, warnings };
  }
}
