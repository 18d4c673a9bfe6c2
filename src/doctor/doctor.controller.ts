import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request } from 'express';
import { createZodDto } from 'nestjs-zod';
import { RequireScope } from '../access/require-scope.decorator.js';
import { checkRegistry } from './check-registry.js';
import { diagnose } from './diagnose.js';
import { diagnosis } from './finding.js';
import { type Visit } from './installation.js';
import { RunningInstallation } from './running-installation.js';

class DiagnosisDto extends createZodDto(diagnosis) {}

@ApiTags('admin')
@RequireScope('admin')
@Controller('api/v1/admin/doctor')
export class DoctorController {
  constructor(private readonly running: RunningInstallation) {}

  @Get()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    summary: 'Examine this installation',
    description:
      'Looks at the settings, the database, clocks, Discord, sources and the way of this request, and says what is wrong ' +
      'and what to do, within ten seconds. `ok` is false when something failed.',
  })
  @ApiOkResponse({ type: DiagnosisDto })
  examine(@Req() request: Request): Promise<DiagnosisDto> {
    return diagnose(checkRegistry, this.running.visitedBy(visitOf(request)));
  }
}

function visitOf({ headers, socket }: Request): Visit {
  const marks = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'];
  // An IPv4 peer of a dual-stack socket comes in the dress of IPv6.
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  return { peer, forwarded: marks.some((name) => headers[name] !== undefined) };
}
