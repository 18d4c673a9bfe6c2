import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { RequireScope } from '../access/require-scope.decorator.js';
import { type JobKind, type QueueJob } from '../queue/operations/queue-job.repository.js';
import { QueueJobs } from '../queue/operations/queue-jobs.js';
import { PurgeDto, QueueJobDto, RedriveDto } from './queue-admin.dto.js';

const base = '/api/v1/admin/queue';

/** What is done to many notifications, and how far it has come. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/queue')
export class QueueAdminJobsController {
  constructor(private readonly jobs: QueueJobs) {}

  @Post('redrives')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Try dead notifications again, as if they were new',
    description: 'All that are dead now, or those of a type, a destination or a time. Goes on over restarts.',
  })
  @ApiAcceptedResponse({ type: QueueJobDto })
  @ApiBadRequestResponse({ description: 'The body is not valid.' })
  @ApiConflictResponse({ description: 'Ten redrives and purges are running.' })
  async redrive(
    @Body() { priority, ...selection }: RedriveDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<QueueJobDto> {
    const wanted = priority === 'keep' ? undefined : priority;
    return accepted(await this.jobs.redrive({ ofState: 'dead', ...selection }, wanted), response);
  }

  @Post('purges')
  @HttpCode(202)
  @ApiOperation({ summary: 'Delete notifications that were not delivered and ended long ago' })
  @ApiAcceptedResponse({ type: QueueJobDto })
  @ApiBadRequestResponse({ description: 'The body is not valid.' })
  @ApiConflictResponse({ description: 'Ten redrives and purges are running.' })
  async purge(
    @Body() { state, ...selection }: PurgeDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<QueueJobDto> {
    return accepted(await this.jobs.purge({ ofState: state, ...selection }), response);
  }

  @Get('redrives/:id')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'How far a redrive has come' })
  @ApiOkResponse({ type: QueueJobDto })
  @ApiNotFoundResponse({ description: 'There is no such redrive.' })
  async oneRedrive(@Param('id') id: string): Promise<QueueJobDto> {
    return viewOf(await this.jobs.find('redrive', id));
  }

  @Get('purges/:id')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'How far a purge has come' })
  @ApiOkResponse({ type: QueueJobDto })
  @ApiNotFoundResponse({ description: 'There is no such purge.' })
  async onePurge(@Param('id') id: string): Promise<QueueJobDto> {
    return viewOf(await this.jobs.find('purge', id));
  }

  @Delete('redrives/:id')
  @ApiOperation({
    summary: 'Stop a redrive',
    description: 'What it has done stays done. One that has ended stays as it is.',
  })
  @ApiOkResponse({ type: QueueJobDto })
  @ApiNotFoundResponse({ description: 'There is no such redrive.' })
  async stopRedrive(@Param('id') id: string): Promise<QueueJobDto> {
    return viewOf(await this.jobs.stop('redrive', id));
  }

  @Delete('purges/:id')
  @ApiOperation({
    summary: 'Stop a purge',
    description: 'What it has done stays done. One that has ended stays as it is.',
  })
  @ApiOkResponse({ type: QueueJobDto })
  @ApiNotFoundResponse({ description: 'There is no such purge.' })
  async stopPurge(@Param('id') id: string): Promise<QueueJobDto> {
    return viewOf(await this.jobs.stop('purge', id));
  }
}

function accepted(job: QueueJob, response: Response): QueueJobDto {
  const view = viewOf(job);
  response.setHeader('Location', view.links.self);
  return view;
}

const folders: Record<JobKind, string> = { redrive: 'redrives', purge: 'purges' };

function viewOf(job: QueueJob): QueueJobDto {
  const { id, kind, state, total, done, skipped, ofState, type, destination, since, until, priority } = job;
  return {
    id,
    state,
    total,
    done,
    skipped,
    of: {
      state: ofState,
      type,
      destination,
      since: since?.toISOString() ?? null,
      until: until?.toISOString() ?? null,
    },
    priority,
    createdAt: job.createdAt.toISOString(),
    endedAt: job.endedAt?.toISOString() ?? null,
    links: { self: `${base}/${folders[kind]}/${id}` },
  };
}
