import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/require-scope.decorator.js';
import { RemoteSources } from '../queue/sources/remote-sources.js';
import { QueueSourcesDto } from './queue-sources.dto.js';

/** The other queues that are polled. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/queue')
export class QueueSourcesController {
  constructor(private readonly sources: RemoteSources) {}

  @Get('sources')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'How the polled queues stand',
    description: 'Over all processes and restarts, in the order of QUEUE_SOURCES. Addresses are not shown.',
  })
  @ApiOkResponse({ type: QueueSourcesDto })
  async list(): Promise<QueueSourcesDto> {
    return { sources: await this.sources.status() };
  }
}
