/** ok · degraded: works, but not fully; the process goes on serving · failed: this process cannot serve. */
export type HealthState = 'ok' | 'degraded' | 'failed';

export interface HealthReport {
  state: HealthState;
  /** Shown to everybody: no secret, no address. */
  detail?: string;
}

/**
 * One thing the process depends on. An outage of what the process can do without is `degraded`: `failed` takes the
 * process off the balancer.
 */
export abstract class HealthCheck {
  /** Lower case, as it stands in the answer of `/readyz`. */
  abstract readonly name: string;

  /** A throw, and no answer within seconds, count as `failed`. */
  abstract check(): Promise<HealthReport>;
}

/** Injection token of the list of all health checks. */
export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');
