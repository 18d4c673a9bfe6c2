import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { redactingOptions } from './redaction.js';
import { type TelemetryConfig } from './telemetry.config.js';

/** The process's logger. Writes to standard output, at once: the last lines before an exit are not lost. */
export function createLogger(config: TelemetryConfig, output?: DestinationStream): Logger {
  const format = config.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const stream =
    format === 'pretty'
      ? PinoPretty({
          destination: output ?? 1,
          sync: true,
          colorize: output === undefined && process.stdout.isTTY,
          translateTime: 'SYS:HH:MM:ss.l',
          ignore: 'pid,hostname,context,req,res,responseTime',
          messageFormat: '{if context}[{context}] {end}{msg}',
        })
      : (output ?? pino.destination({ fd: 1, sync: true }));
  return pino({ ...redactingOptions, level: config.LOG_LEVEL, timestamp: stdTimeFunctions.isoTime }, stream);
}
