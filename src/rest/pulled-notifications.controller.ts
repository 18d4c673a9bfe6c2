import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { RequireScope } from '../access/require-scope.decorator.js';
import { PullAcks } from '../queue/pull-acks.js';
import { PullQueue } from '../queue/pull-queue.js';
import { type PulledNotification } from '../queue/pull.repository.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { goneSignal } from './gone-signal.js';
import {
  AckDto,
  AckedDto,
  AcksDto,
  ClaimDto,
  ClaimedDto,
  ExtendDto,
  ExtendedDto,
  NackDto,
  SettledDto,
} from './pulled-notifications.dto.js';

/** For consumers that deliver themselves what was published with `delivery: pull`. */
@ApiTags('notifications')
@RequireScope('consume')
@Controller('api/v1/notifications')
export class PulledNotificationsController {
  constructor(
    private readonly pull: PullQueue,
    private readonly acks: PullAcks,
  ) {}

  @Post('claim')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Fetch notifications to deliver',
    description: 'Each is the caller’s alone until its lease is over; its token is needed to say what became of it.',
  })
  @ApiOkResponse({ type: ClaimedDto })
  @ApiBadRequestResponse({ description: 'The body is not valid.' })
  async claim(
    @Body() { limit, leaseSeconds, consumer, wait }: ClaimDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClaimedDto> {
    const { rows } = await this.pull.claim({ limit, leaseSeconds, consumer }, goneSignal(response), wait);
    return { notifications: rows.map(viewOf) };
  }

  @Post('ack')
  @HttpCode(200)
  @RateLimit('none')
  @ApiOperation({
    summary: 'Say that up to 100 notifications were delivered',
    description: 'Each for itself: the answer tells of each, in their order.',
  })
  @ApiOkResponse({ type: AckedDto })
  @ApiBadRequestResponse({ description: 'The body is not valid.' })
  async ackAll(@Body() { notifications }: AcksDto): Promise<AckedDto> {
    const acked = await this.acks.acknowledge(notifications);
    return {
      notifications: acked.map(({ id, refused }) =>
        refused ? { id, error: { code: refused.code, message: refused.message } } : { id, state: 'delivered' },
      ),
    };
  }

  @Post(':id/ack')
  @HttpCode(200)
  @RateLimit('none')
  @ApiOperation({ summary: 'Say that a notification was delivered' })
  @ApiOkResponse({ type: SettledDto })
  @ApiNotFoundResponse({ description: 'There is no such notification.' })
  @ApiConflictResponse({ description: 'The lease is over, and the notification may be another’s.' })
  async ack(@Param('id') id: string, @Body() { leaseToken }: AckDto): Promise<SettledDto> {
    return { id, state: await this.pull.mark(id, { sent: true, token: leaseToken }) };
  }

  @Post(':id/nack')
  @HttpCode(200)
  @RateLimit('none')
  @ApiOperation({ summary: 'Say that a notification could not be delivered', description: 'It is tried again later.' })
  @ApiOkResponse({ type: SettledDto })
  @ApiNotFoundResponse({ description: 'There is no such notification.' })
  @ApiConflictResponse({ description: 'The lease is over, and the notification may be another’s.' })
  async nack(@Param('id') id: string, @Body() { leaseToken, reason, permanent }: NackDto): Promise<SettledDto> {
    return { id, state: await this.pull.mark(id, { sent: false, reason, permanent, token: leaseToken }) };
  }

  @Post(':id/extend')
  @HttpCode(200)
  @RateLimit('none')
  @ApiOperation({ summary: 'Keep a notification for longer, from now' })
  @ApiOkResponse({ type: ExtendedDto })
  @ApiNotFoundResponse({ description: 'There is no such notification.' })
  @ApiConflictResponse({ description: 'The lease is over, and the notification may be another’s.' })
  async extend(@Param('id') id: string, @Body() { leaseToken, leaseSeconds }: ExtendDto): Promise<ExtendedDto> {
    const until = await this.pull.extend(id, leaseToken, leaseSeconds);
    return { id, leaseUntil: until.toISOString() };
  }
}

function viewOf(row: PulledNotification): ClaimedDto['notifications'][number] {
  const { id, type, target, payload, message, mentions, priority, locale, guildId, attempts, createdAt } = row;
  const { leaseToken, leaseUntil } = row;
  if (leaseToken === null || leaseUntil === null) throw new Error(`Notification ${id} was claimed without a lease`);
  return {
    id,
    type,
    target,
    payload,
    message,
    mentions,
    priority,
    locale,
    guildId,
    attempts,
    createdAt: createdAt.toISOString(),
    leaseToken,
    leaseUntil: leaseUntil.toISOString(),
  };
}
