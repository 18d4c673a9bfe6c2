import { Logger } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { Fault } from '../domain/fault.js';

const logger = new Logger('GuildStore');

/** @throws Fault `service.unavailable` where the database is away; whether it was stored is then not known */
export async function reachStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault || isFaultOfStatement(error)) throw error;
    logger.warn(`The database does not serve the store: ${String(error)}`);
    throw storeUnavailable();
  }
}

export function storeUnavailable(): Fault {
  return new Fault('service.unavailable', 'The store cannot be read or written now.', { retryAfter: 5 });
}

/** Postgres understood and refused, for reasons in the statement or its values: our mistake, not an outage. */
function isFaultOfStatement(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code } = error.driverError as { code?: unknown };
  return typeof code === 'string' && /^(22|23|42)/.test(code);
}
