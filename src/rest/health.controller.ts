import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { type Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Public } from '../access/public.decorator.js';
import { RateLimit } from '../rate-limit/rate-limit.decorator.js';
import { HEALTH_CHECKS, type HealthCheck, type HealthReport } from './health-check.js';
import { Readiness } from './readiness.js';

class HealthDto extends createZodDto(z.object({ status: z.literal('ok') })) {}

const readinessAnswer = z.object({
  status: z.enum(['ready', 'degraded', 'starting', 'draining', 'failed']),
  checks: z.record(
    z.string(),
    z.object({ state: z.enum(['ok', 'degraded', 'failed']), detail: z.string().optional() }),
  ),
});
class ReadinessDto extends createZodDto(readinessAnswer) {}
type ReadinessAnswer = z.infer<typeof readinessAnswer>;

const checkPatience = 5_000;
/** Anybody may ask, as often as they like: the checks must not become a load. */
const answerLifetime = 1_000;

@ApiTags('operation')
@Controller()
@Public()
@RateLimit('none')
export class HealthController {
  private checked: { at: number; checks: Promise<ReadinessAnswer['checks']> } | undefined;

  constructor(
    private readonly readiness: Readiness,
    @Inject(HEALTH_CHECKS) private readonly checks: readonly HealthCheck[],
  ) {}

  @Get('healthz')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Tells that the process lives' })
  @ApiOkResponse({ type: HealthDto })
  health(): HealthDto {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Tells whether the process can serve' })
  @ApiOkResponse({ type: ReadinessDto, description: 'Ready, or degraded: something it can do without is out.' })
  @ApiServiceUnavailableResponse({ type: ReadinessDto, description: 'Starting, draining, or failed.' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessDto> {
    const answer = await this.judge();
    if (answer.status !== 'ready' && answer.status !== 'degraded') response.status(503);
    return answer;
  }

  private async judge(): Promise<ReadinessAnswer> {
    if (this.readiness.state !== 'ready') return { status: this.readiness.state, checks: {} };
    const checks = await this.runChecks();
    const states = Object.values(checks).map(({ state }) => state);
    const status = states.includes('failed') ? 'failed' : states.includes('degraded') ? 'degraded' : 'ready';
    return { status, checks };
  }

  private runChecks(): Promise<ReadinessAnswer['checks']> {
    if (!this.checked || Date.now() - this.checked.at >= answerLifetime) {
      const reports = this.checks.map(async (check) => [check.name, await reportOf(check)] as const);
      this.checked = { at: Date.now(), checks: Promise.all(reports).then(Object.fromEntries<HealthReport>) };
    }
    return this.checked.checks;
  }
}

async function reportOf(check: HealthCheck): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthReport>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'failed', detail: 'gives no answer' }), checkPatience);
  });
  try {
    return await Promise.race([check.check(), late]);
  } catch {
    // The error is for the log of the one who knows what it means; it may hold addresses.
    return { state: 'failed', detail: 'cannot be checked' };
  } finally {
    clearTimeout(timer);
  }
}
