import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type Response } from 'express';
import { RequireScope } from '../access/require-scope.decorator.js';
import { Metrics } from '../telemetry/metrics.js';

@ApiTags('operation')
@Controller('metrics')
@RequireScope('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    summary: 'The measurements of this process, as Prometheus reads them',
    description: 'METRICS_PORT serves the same without a key.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  async read(@Res() response: Response): Promise<void> {
    const text = await this.metrics.expose();
    response.setHeader('Content-Type', this.metrics.contentType);
    response.end(text);
  }
}
