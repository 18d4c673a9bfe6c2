import { Injectable } from '@nestjs/common';
import { DiscordStatus } from '../discord/discord-status.js';
import { InvalidRequestBudget } from '../discord/invalid-request-budget.js';
import { HealthCheck, type HealthReport } from './health-check.js';

/** Discord may be out for hours: rooms show what was last known and notifications wait, so the process goes on. */
@Injectable()
export class DiscordCheck extends HealthCheck {
  readonly name = 'discord';

  constructor(
    private readonly discord: DiscordStatus,
    private readonly budget: InvalidRequestBudget,
  ) {
    super();
  }

  check(): Promise<HealthReport> {
    const { state, detail, missingIntents, shards = [] } = this.discord.current();
    const paused = this.budget.sentence;
    if (paused !== undefined && (state === 'off' || state === 'ready')) {
      return Promise.resolve({ state: 'degraded', detail: paused });
    }
    if (state === 'off') return Promise.resolve({ state: 'ok', detail: detail ?? 'no token' });
    if (state !== 'ready') return Promise.resolve({ state: 'degraded', detail: detail ?? state });
    if (shards.some(({ up }) => !up)) return Promise.resolve({ state: 'degraded', detail: detail ?? 'shards lost' });
    if (missingIntents.length === 0) return Promise.resolve({ state: 'ok' });
    return Promise.resolve({ state: 'degraded', detail: `missing intents: ${missingIntents.join(', ')}` });
  }
}
