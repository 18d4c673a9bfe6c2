import { Injectable } from '@nestjs/common';
import { DatabaseHealth } from '../database/database-health.js';
import { HealthCheck, type HealthReport } from './health-check.js';

/** Without the database nothing can be acknowledged: the process cannot serve. */
@Injectable()
export class DatabaseCheck extends HealthCheck {
  readonly name = 'database';

  constructor(private readonly health: DatabaseHealth) {
    super();
  }

  async check(): Promise<HealthReport> {
    const { ok, detail } = await this.health.check();
    return { state: ok ? 'ok' : 'failed', ...(detail !== undefined && { detail }) };
  }
}
