import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiBasicAuth,
  ApiBearerAuth,
  ApiBody,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiPayloadTooLargeResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { AttemptLimiter } from '../access/attempt-limiter.js';
import { AllowBasicKey } from '../access/basic-key.decorator.js';
import { type KeyedRequest } from '../access/caller-key.decorator.js';
import { Public } from '../access/public.decorator.js';
import { Fault } from '../domain/fault.js';
import { type Hook } from '../queue/hooks/hook.js';
import { HookInbox } from '../queue/hooks/hook-inbox.js';
import { hookOf, hooks } from '../queue/hooks/hook-registry.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { IgnoredHookDto } from './hooks.dto.js';
import { AcceptedNotificationDto } from './notifications.dto.js';
import { readRawBody } from './raw-body.js';

/** Bytes. GitHub sends up to 25 MiB, of which nobody could show anything. */
const longestBody = 1_048_576;

/**
 * What other programs tell in their own form. Open to who has a key, or signs with the secret of the route: the guard lets
 * everybody through to here, and nobody gets further without one of the two.
 */
@ApiTags('notifications')
@Public()
@AllowBasicKey()
@Controller('api/v1/hooks')
export class HooksController {
  constructor(
    private readonly inbox: HookInbox,
    private readonly attempts: AttemptLimiter,
  ) {}

  @Post(':route/:kind')
  @RateLimit('publish')
  @ApiOperation({
    summary: "Take another program's webhook and publish it by a route",
    description:
      'Needs a key with the scope publish, as Bearer or as the password of Basic, or, of senders that sign, a signature ' +
      'by the secret that is kept for the route and kind.',
  })
  @ApiBearerAuth()
  @ApiBasicAuth()
  @ApiParam({ name: 'kind', enum: hooks.map(({ name }) => name) })
  @ApiBody({ schema: { type: 'object' }, description: "The sender's own form." })
  @ApiOkResponse({ type: IgnoredHookDto, description: 'Read, and nothing to tell.' })
  @ApiAcceptedResponse({ type: AcceptedNotificationDto })
  @ApiBadRequestResponse({ description: 'The body is not what this sender sends.' })
  @ApiUnauthorizedResponse({ description: 'Neither a key nor a signature, or a wrong one.' })
  @ApiNotFoundResponse({ description: 'There is no such route, or no such kind of hook.' })
  @ApiPayloadTooLargeResponse({ description: `The body is larger than ${longestBody} bytes.` })
  async take(
    @Param('route') route: string,
    @Param('kind') kind: string,
    @Req() request: KeyedRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AcceptedNotificationDto | IgnoredHookDto> {
    const hook = hookOf(kind);
    await this.mayBeRead(hook, request, response);
    const delivery = { headers: request.headers, raw: await readRawBody(request, longestBody) };
    if (!request.apiKey && !(await this.inbox.isSigned(route, hook, delivery))) {
      await this.attempts.failed(request.ip ?? '');
      // The same for a route that is not there: who has no key learns of none.
      throw new Fault('access.signature_wrong', 'This is not signed with the secret of the route.');
    }
    const published = await this.inbox.take(route, hook, delivery, request.apiKey?.id);
    if (!published) {
      response.status(200);
      return { status: 'ignored' };
    }
    const self = `/api/v1/notifications/${published.id}`;
    response.status(202).setHeader('Location', self);
    return { id: published.id, state: published.state, links: { self } };
  }

  /** Before a byte of the body is kept. */
  private async mayBeRead(
    { signature }: Hook,
    { apiKey, headers, ip }: KeyedRequest,
    response: Response,
  ): Promise<void> {
    if (apiKey) {
      if (apiKey.scopes.has('publish')) return;
      throw new Fault('access.scope_missing', 'This needs a key with the scope publish.');
    }
    if (!signature || headers[signature.header] === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      const or = signature ? ', or sign the body with the secret of the route' : '';
      throw new Fault('access.key_required', `Send a key as Bearer or as the password of Basic${or}.`);
    }
    const retryAfter = await this.attempts.check(ip ?? '');
    if (retryAfter === undefined) return;
    throw new Fault('rate.limited', 'Too many wrong keys or signatures came from this address. Wait, then try again.', {
      retryAfter,
    });
  }
}
