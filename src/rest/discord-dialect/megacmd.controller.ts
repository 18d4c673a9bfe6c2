import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../../access/api-keys.js';
import { CallerKey } from '../../access/caller-key.decorator.js';
import { RequireScope } from '../../access/require-scope.decorator.js';
import { NotificationQueue } from '../../queue/notification-queue.js';
import { RateLimit } from '../../rate-limit/rate-limit.decorator.js';
import { readIdempotencyKey } from '../idempotency-key.js';
import { BackupFailure, NotifiedDto } from './event-queue.dto.js';
import { SpeaksEventQueue } from './speaks-event-queue.decorator.js';

/** Where older notifiers report failed backups when they reach no queue. */
@ApiTags('event queue dialect')
@SpeaksEventQueue()
@RequireScope('publish')
@Controller('webhook')
export class MegacmdController {
  constructor(private readonly queue: NotificationQueue) {}

  @Post('megacmd')
  // Those notifiers take any other status, 201 too, for a failure.
  @HttpCode(200)
  @RateLimit('publish')
  @ApiOperation({ summary: 'Report a failed backup', description: 'Stored as an event of type backup_error.' })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOkResponse({ type: NotifiedDto })
  async report(
    @Body() { user_id: userId, ...report }: BackupFailure,
    @Headers('idempotency-key') key: string | undefined,
    @CallerKey() caller: ApiKey,
  ): Promise<NotifiedDto> {
    const payload = Object.fromEntries(Object.entries(report).filter(([, value]) => value !== null));
    const { id } = await this.queue.publish({
      target: { userId },
      type: 'backup_error',
      payload,
      publisher: caller.id,
      idempotencyKey: readIdempotencyKey(key),
    });
    return { success: true, status: 'success', message: 'The notification is stored.', event_id: Number(id) };
  }
}
