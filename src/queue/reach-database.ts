import { Logger } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { Fault } from '../domain/fault.js';

const logger = new Logger('NotificationQueue');

/** @throws Fault `service.unavailable` when the database is away; whether a write was stored is then not known. */
export async function reachDatabase<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault) throw error;
    // Without the error's own fields: its values may hold the secret of a target.
    if (isFaultOfStatement(error)) throw new Error(`The database refused a statement: ${(error as Error).message}`);
    logger.warn(`The database does not serve the queue: ${String(error)}`);
    throw new Fault('service.unavailable', 'Notifications cannot be stored or read now.', { retryAfter: 5 });
  }
}

/** Postgres understood and refused, for reasons in the statement or its values: our mistake, not an outage. */
function isFaultOfStatement(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code } = error.driverError as { code?: unknown };
  return typeof code === 'string' && /^(22|23|42)/.test(code);
}
