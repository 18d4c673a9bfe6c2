import { Controller, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/require-scope.decorator.js';
import { QueueDestinations } from '../queue/destinations/queue-destinations.js';
import { DestinationList, DestinationParams, DestinationsQuery } from './queue-destinations.dto.js';

/** The targets of notifications that fail. */
@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/queue/destinations')
export class QueueDestinationsController {
  constructor(private readonly destinations: QueueDestinations) {}

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ summary: 'The targets that fail or are switched off', description: 'By name. All others are well.' })
  @ApiOkResponse({ type: DestinationList })
  async list(@Query() { limit, after, state }: DestinationsQuery): Promise<DestinationList> {
    const found = await this.destinations.list(limit, after, state);
    return {
      destinations: found.map(({ failingSince, failedAt, openUntil, offAt, toldAt, ...rest }) => ({
        ...rest,
        failingSince: failingSince.toISOString(),
        failedAt: failedAt.toISOString(),
        nextTryAt: openUntil?.toISOString() ?? null,
        offAt: offAt?.toISOString() ?? null,
        ownerToldAt: toldAt?.toISOString() ?? null,
      })),
    };
  }

  @Post(':destination/enable')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Switch a target on again: what waits for it goes out',
    description: 'Also ends the pauses of one that fails. A `/` in the name is written `%2F`.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'It neither fails nor is switched off.' })
  async enable(@Param() { destination }: DestinationParams): Promise<void> {
    await this.destinations.enable(destination);
  }
}
