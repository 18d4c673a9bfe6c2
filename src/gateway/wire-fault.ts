import { Logger } from '@nestjs/common';
import { Fault, type FaultCode } from '../domain/fault.js';

/** A fault as sockets carry it. */
export interface WireFault {
  code: FaultCode;
  message: string;
  /** Seconds. */
  retryAfter?: number;
}

const logger = new Logger('Gateway');

/** What a socket may hear of an error: a fault as it is, anything else as `service.failed`, logged here. */
export function wireFault(error: unknown): WireFault {
  if (error instanceof Fault) {
    const { retryAfter } = error.details;
    return { code: error.code, message: error.message, ...(retryAfter !== undefined && { retryAfter }) };
  }
  logger.error(`unexpected error: ${String(error)}`, error instanceof Error ? error.stack : undefined);
  return { code: 'service.failed', message: 'Something went wrong here.' };
}
