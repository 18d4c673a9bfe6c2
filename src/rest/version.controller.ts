import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Public } from '../access/public.decorator.js';
import { name, version } from '../telemetry/version.js';

const versionAnswer = z.object({ version: z.string(), name: z.string() });
class VersionDto extends createZodDto(versionAnswer) {}

@ApiTags('operation')
@Controller('api/version')
@Public()
export class VersionController {
  @Get()
  @ApiOperation({ summary: 'Tells which version runs' })
  @ApiOkResponse({ type: VersionDto })
  read(): VersionDto {
    // Clients of older servers read the first key.
    return { version, name };
  }
}
