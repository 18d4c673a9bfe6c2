import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../access/public.decorator.js';
import { version } from '../telemetry/version.js';
import { type AsyncApiDocument, describeSockets } from './asyncapi.js';

@ApiTags('operation')
@Controller('asyncapi.json')
@Public()
export class AsyncApiController {
  private document: AsyncApiDocument | undefined;

  @Get()
  @ApiOperation({ summary: 'The sockets and streams, described in the AsyncAPI format' })
  @ApiOkResponse({ schema: { type: 'object' } })
  read(): AsyncApiDocument {
    return (this.document ??= describeSockets(version));
  }
}
