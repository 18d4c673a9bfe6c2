import { type LoggerService } from '@nestjs/common';
import { Logger, PinoLogger } from 'nestjs-pino';
import { createLogger } from './logger.js';
import { type TelemetryConfig } from './telemetry.config.js';

/** Whoever speaks at each start without news: Nest's own account of its modules, routes and handlers. */
const chatty = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'WebSocketsController']);

/** The log from the first line on, before the application exists. */
export function startLogger(config: TelemetryConfig): LoggerService {
  return new QuietStartLogger(new Logger(new PinoLogger({ pinoHttp: { logger: createLogger(config) } }), {}));
}

/** Passes everything on, Nest's account of its own start as `debug`: an operator's first lines should be news. */
export class QuietStartLogger implements LoggerService {
  constructor(private readonly target: Required<Pick<LoggerService, 'debug' | 'verbose' | 'fatal'>> & LoggerService) {}

  log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && chatty.has(context)) this.target.debug(message, ...rest);
    else this.target.log(message, ...rest);
  }

  /** What breaks the start is thrown as well, and told by whoever started it. */
  error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === 'ExceptionHandler') this.target.debug(message, ...rest);
    else this.target.error(message, ...rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.target.warn(message, ...rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.target.debug(message, ...rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.target.verbose(message, ...rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.target.fatal(message, ...rest);
  }
}
