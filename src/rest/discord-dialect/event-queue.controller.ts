import { Body, Controller, Get, Header, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { type ApiKey } from '../../access/api-keys.js';
import { CallerKey } from '../../access/caller-key.decorator.js';
import { RequireScope } from '../../access/require-scope.decorator.js';
import { Fault } from '../../domain/fault.js';
import { GuildDirectory } from '../../gateway/guild-directory.js';
import { NotificationQueue } from '../../queue/notification-queue.js';
import { PullQueue } from '../../queue/pull-queue.js';
import { RateLimit } from '../../rate-limit/rate-limit.decorator.js';
import { goneSignal } from '../gone-signal.js';
import { readIdempotencyKey } from '../idempotency-key.js';
import {
  EventsDto,
  EventsQuery,
  EventStatusDto,
  FailedBody,
  failedBody,
  NewEvent,
  NewEventDto,
  processedBody,
  ProcessedQuery,
} from './event-queue.dto.js';
import { readBody } from './event-queue-body.js';
import { queueEventOf } from './queue-event.js';
import { SpeaksEventQueue } from './speaks-event-queue.decorator.js';

/** Publishing, fetching and marking, as publishers and consumers of the older event queue do it. */
@ApiTags('event queue dialect')
@SpeaksEventQueue()
@Controller('discord/events')
export class EventQueueController {
  constructor(
    private readonly queue: NotificationQueue,
    private readonly pull: PullQueue,
    private readonly directory: GuildDirectory,
  ) {}

  @Post()
  @RequireScope('publish')
  @RateLimit('publish')
  @ApiOperation({ summary: 'Publish an event' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: '1 to 255 printable characters. The same key with the same body answers the first event, with 200.',
  })
  @ApiCreatedResponse({ type: NewEventDto })
  @ApiUnprocessableEntityResponse({ description: 'The Idempotency-Key was used for another body.' })
  async publish(
    @Body() { user_id: userId, event_type: type, payload, guild_id, delivery }: NewEvent,
    @Headers('idempotency-key') key: string | undefined,
    @CallerKey() caller: ApiKey,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewEventDto> {
    const guildId = guild_id ?? undefined;
    if (guildId !== undefined && !(await this.directory.find(guildId))) {
      throw new Fault('request.invalid', 'guild_id: there is no such guild here');
    }
    const { id, created } = await this.queue.publish({
      target: { userId },
      type,
      payload,
      guildId,
      delivery: delivery ?? undefined,
      publisher: caller.id,
      idempotencyKey: readIdempotencyKey(key),
    });
    if (!created) response.status(200);
    return { success: true, event_id: Number(id) };
  }

  @Get()
  @RequireScope('consume')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Fetch events to deliver',
    description: 'What is given is kept from other consumers until it is marked or its lease is over.',
  })
  @ApiOkResponse({ type: EventsDto })
  async events(
    @Query() { limit, max_attempts: maxAttempts, lease_seconds: leaseSeconds, consumer }: EventsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventsDto> {
    const selection = { limit, maxAttempts, usersOnly: true };
    // An answer to HEAD has no body: what it took would be lost until its lease is over.
    const looks = leaseSeconds === 0 || request.method === 'HEAD';
    const { at, rows } = looks
      ? await this.pull.look(selection)
      : await this.pull.claim({ ...selection, leaseSeconds, consumer }, goneSignal(response));
    const events = rows.map(queueEventOf);
    return { success: true, count: events.length, events, timestamp: at.toISOString() };
  }

  @Post(':id/processed')
  @HttpCode(200)
  @RequireScope('consume')
  // A mark that is refused becomes a second message to somebody; how many there are is bounded by what was fetched.
  @RateLimit('none')
  @ApiOperation({ summary: 'Say that an event was delivered' })
  @ApiOkResponse({ type: EventStatusDto })
  @ApiNotFoundResponse({ description: 'There is no such event.' })
  @ApiConflictResponse({ description: 'It was processed before, or another holds it.' })
  async processed(
    @Param('id') id: string,
    @Query() query: ProcessedQuery,
    @Req() request: Request,
  ): Promise<EventStatusDto> {
    const body = readBody(processedBody, request);
    await this.pull.mark(id, { sent: true, token: tokenOf(body, query), usersOnly: true });
    return { success: true, event_id: Number(id), status: 'processed' };
  }

  @Post(':id/failed')
  @HttpCode(200)
  @RequireScope('consume')
  @RateLimit('none')
  @ApiOperation({ summary: 'Say that an event could not be delivered', description: 'It is offered again later.' })
  @ApiBody({ type: FailedBody, required: false })
  @ApiOkResponse({ type: EventStatusDto })
  @ApiNotFoundResponse({ description: 'There is no such event.' })
  @ApiConflictResponse({ description: 'It was processed before, or another holds it.' })
  async failed(
    @Param('id') id: string,
    @Query() query: ProcessedQuery,
    @Req() request: Request,
  ): Promise<EventStatusDto> {
    const body = readBody(failedBody, request);
    const reason = body?.error_message ?? undefined;
    const permanent = body?.permanent ?? undefined;
    await this.pull.mark(id, { sent: false, reason, permanent, token: tokenOf(body, query), usersOnly: true });
    return { success: true, event_id: Number(id), status: 'failed' };
  }
}

function tokenOf(body: { lease_token?: string | null } | null | undefined, query: ProcessedQuery): string | undefined {
  return body?.lease_token ?? query.lease_token ?? undefined;
}
