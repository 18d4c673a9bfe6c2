import { Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../../access/require-scope.decorator.js';
import { QueueInspection } from '../../queue/queue-inspection.js';
import { EventDto, EventStatusDto, FailedEventsDto, FailedEventsQuery } from './event-queue.dto.js';
import { inspectedEventOf } from './queue-event.js';
import { SpeaksEventQueue } from './speaks-event-queue.decorator.js';

/** Single events, whoever delivers them, and those that were given up. */
@ApiTags('event queue dialect')
@SpeaksEventQueue()
@RequireScope('consume')
@Controller('discord/events')
export class StoredEventsController {
  constructor(private readonly inspection: QueueInspection) {}

  @Get('failed')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Events that were given up, newest first' })
  @ApiOkResponse({ type: FailedEventsDto })
  async failed(@Query() { limit, before }: FailedEventsQuery): Promise<FailedEventsDto> {
    const { at, found } = await this.inspection.dead(limit, before);
    return { success: true, count: found.length, events: found.map(inspectedEventOf), timestamp: at.toISOString() };
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'One event' })
  @ApiOkResponse({ type: EventDto })
  @ApiNotFoundResponse({ description: 'There is no such event.' })
  async event(@Param('id') id: string): Promise<EventDto> {
    const { at, found } = await this.inspection.find(id);
    return { success: true, event: inspectedEventOf(found), timestamp: at.toISOString() };
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Try an event again, as if it were new' })
  @ApiOkResponse({ type: EventStatusDto })
  @ApiNotFoundResponse({ description: 'There is no such event.' })
  @ApiConflictResponse({ description: 'It was processed, or is being delivered right now.' })
  async retry(@Param('id') id: string): Promise<EventStatusDto> {
    await this.inspection.retry(id);
    return { success: true, event_id: Number(id), status: 'pending' };
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete an event, in whatever state it is' })
  @ApiOkResponse({ type: EventStatusDto })
  @ApiNotFoundResponse({ description: 'There is no such event.' })
  async remove(@Param('id') id: string): Promise<EventStatusDto> {
    await this.inspection.remove(id);
    return { success: true, event_id: Number(id), status: 'deleted' };
  }
}
