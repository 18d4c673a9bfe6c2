import { Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
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
import { type DetailedNotification, type ListedNotification } from '../queue/operations/listing.repository.js';
import { QueueOperations } from '../queue/operations/queue-operations.js';
import { QueueInspection } from '../queue/queue-inspection.js';
import { QueueListDto, QueueListQuery, QueueNotificationDto, QueueStatsDto, RetriedDto } from './queue-admin.dto.js';

/** The queue for those who run it: how it stands, what is in it, and single notifications. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/queue')
export class QueueAdminController {
  constructor(
    private readonly operations: QueueOperations,
    private readonly inspection: QueueInspection,
  ) {}

  @Get('stats')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    summary: 'How many notifications there are, and how they stand',
    description: 'Costs as much as wait; those that have ended are not counted anew.',
  })
  @ApiOkResponse({ type: QueueStatsDto })
  async stats(): Promise<QueueStatsDto> {
    const { at, ...stats } = await this.operations.stats();
    return { at: at.toISOString(), ...stats };
  }

  @Get('notifications')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    summary: 'Notifications, newest first',
    description:
      'A request looks at 10 000 notifications at most, of the given state where it is not delivered: a page of a rare type ' +
      'may be short, and `next` goes on.',
  })
  @ApiOkResponse({ type: QueueListDto })
  @ApiBadRequestResponse({ description: 'The query is not valid.' })
  async list(@Query() query: QueueListQuery): Promise<QueueListDto> {
    const { rows, next } = await this.operations.list(query);
    return { notifications: rows.map(viewOf), next };
  }

  @Get('notifications/:id')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'All of one notification, but for its secrets' })
  @ApiOkResponse({ type: QueueNotificationDto })
  @ApiNotFoundResponse({ description: 'There is no such notification.' })
  async one(@Param('id') id: string): Promise<QueueNotificationDto> {
    return detailOf(await this.operations.find(id));
  }

  @Post('notifications/:id/retry')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Try a notification again, as if it were new',
    description: 'Of one that is unknown, a second message may come of it.',
  })
  @ApiOkResponse({ type: RetriedDto })
  @ApiNotFoundResponse({ description: 'There is no such notification.' })
  @ApiConflictResponse({
    description:
      'It was delivered, is being delivered, has given way to a newer one, or the secret of its target is gone.',
  })
  async retry(@Param('id') id: string): Promise<RetriedDto> {
    await this.inspection.retry(id, false);
    return { id, state: 'pending' };
  }

  @Delete('notifications/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a notification and its tries' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such notification.' })
  @ApiConflictResponse({ description: 'It is being delivered.' })
  remove(@Param('id') id: string): Promise<void> {
    return this.inspection.removeIdle(id);
  }
}

function viewOf(row: ListedNotification): QueueListDto['notifications'][number] {
  return {
    id: row.id,
    type: row.type,
    target: row.target,
    destination: row.destination,
    guildId: row.guildId,
    delivery: row.delivery,
    state: row.state,
    heldBy: row.heldBy,
    priority: row.priority,
    route: row.route,
    publisher: row.publisher,
    attempts: row.attempts,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
    nextAttemptAt: row.state === 'pending' ? row.notBefore.toISOString() : null,
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

function detailOf(row: DetailedNotification): QueueNotificationDto {
  return {
    ...viewOf(row),
    payload: row.payload,
    message: row.message,
    locale: row.locale,
    groupKey: row.groupKey,
    collapseKey: row.collapseKey,
    idempotencyKey: row.idempotencyKey,
    fallback: row.fallback,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    supersededBy: row.supersededBy,
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
    messageId: row.messageId,
    consumer: row.consumer,
    leaseUntil: row.state === 'leased' ? (row.leaseUntil?.toISOString() ?? null) : null,
    tries: row.tries.map(({ at, ...attempt }) => ({ ...attempt, at: new Date(at).toISOString() })),
  };
}
