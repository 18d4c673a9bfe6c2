import { Controller, Get, Header, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { type Response } from 'express';
import { Public } from '../../access/public.decorator.js';
import { RequireScope } from '../../access/require-scope.decorator.js';
import { DiscordStatus } from '../../discord/discord-status.js';
import { QueueInspection } from '../../queue/queue-inspection.js';
import { RemoteSources } from '../../queue/sources/remote-sources.js';
import { CleanupDto, CleanupQuery, QueueHealthDto, StatsDto } from './event-queue.dto.js';
import { SpeaksEventQueue } from './speaks-event-queue.decorator.js';

/** Milliseconds for the database to answer a question about its health. */
const patience = 3_000;

/** The queue as a whole. */
@ApiTags('event queue dialect')
@SpeaksEventQueue()
@RequireScope('consume')
@Controller('discord')
export class QueueServiceController {
  constructor(
    private readonly inspection: QueueInspection,
    private readonly discord: DiscordStatus,
    private readonly sources: RemoteSources,
  ) {}

  @Get('health')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether events can be stored, and whether there is somebody to deliver them' })
  @ApiOkResponse({ type: QueueHealthDto })
  @ApiServiceUnavailableResponse({ type: QueueHealthDto, description: 'Events cannot be stored now.' })
  async health(@Res({ passthrough: true }) response: Response): Promise<QueueHealthDto> {
    const at = await this.databaseTime();
    if (!at) response.status(503);
    return {
      success: at !== undefined,
      status: at ? 'healthy' : 'unhealthy',
      queue_available: at !== undefined,
      config_valid: this.configured(),
      timestamp: (at ?? new Date()).toISOString(),
    };
  }

  @Get('stats')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'How many events there are, and how they stand' })
  @ApiOkResponse({ type: StatsDto })
  async stats(): Promise<StatsDto> {
    const { at, found } = await this.inspection.counts();
    const sources = await this.sources.status();
    return {
      success: true,
      stats: {
        total: found.total,
        pending: found.undelivered,
        processed: found.delivered,
        failed: found.dead,
        deliverable: found.deliverable,
        leased: found.leased,
        oldest_pending_age_s: found.oldestSeconds,
      },
      config: {
        // Whom to notify stands in each event here, and the address to report to is this service's own.
        user_id: false,
        user_id_value: null,
        webhook_url: true,
        webhook_url_value: '***/webhook/megacmd',
        codespace_name: null,
        codespace_url: null,
        is_valid: this.configured(),
      },
      sources: sources.map(({ name, polled, processed, failed, lastPoll, lastError }) => ({
        name,
        total_polled: polled,
        total_processed: processed,
        total_failed: failed,
        last_poll: lastPoll,
        last_error: lastError,
      })),
      timestamp: at.toISOString(),
    };
  }

  @Post('cleanup')
  @HttpCode(200)
  @ApiOperation({ summary: 'Delete processed events that are older than so many days' })
  @ApiOkResponse({ type: CleanupDto })
  async cleanup(@Query() { days }: CleanupQuery): Promise<CleanupDto> {
    return { success: true, deleted_count: await this.inspection.deleteDelivered(days), days };
  }

  /** Consumers deliver, or a bot that has a token. */
  private configured(): boolean {
    return this.inspection.mode === 'pull' || this.discord.current().state !== 'off';
  }

  private async databaseTime(): Promise<Date | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), patience)));
    try {
      return await Promise.race([this.inspection.now(), late]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
