import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { type DestinationStream } from 'pino';
import { createLogger } from './logger.js';
import { type TelemetryConfig } from './telemetry.config.js';

/** Asked every few seconds by balancers: their good answers are no news. */
const probes = new Set(['/healthz', '/readyz']);

/**
 * Nest's log and one line per HTTP request, with an id that also goes out as `X-Request-Id`. The app still has to call
 * `app.useLogger(app.get(Logger))` with nestjs-pino's `Logger`.
 */
@Module({})
export class LoggingModule {
  /** `output` takes the lines instead of standard output. */
  static forRoot(config: TelemetryConfig, output?: DestinationStream): DynamicModule {
    return {
      module: LoggingModule,
      imports: [
        LoggerModule.forRoot({
          pinoHttp: {
            logger: createLogger(config, output),
            genReqId: requestId,
            customLogLevel: levelOf,
            customSuccessMessage: describe,
            customErrorMessage: describe,
            quietReqLogger: true,
            wrapSerializers: false,
          },
        }),
      ],
    };
  }
}

/** A caller's own id is kept when it is harmless, so that one id runs through a chain of services. */
function requestId(request: IncomingMessage, response: ServerResponse): string {
  const sent = request.headers['x-request-id'];
  const id = typeof sent === 'string' && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID();
  response.setHeader('X-Request-Id', id);
  return id;
}

function levelOf(
  request: IncomingMessage,
  response: ServerResponse,
  error?: Error,
): 'error' | 'warn' | 'info' | 'debug' {
  if (probes.has(pathOf(request))) return response.statusCode >= 400 ? 'warn' : 'debug';
  // A refusal the app meant, like 503 while it drains, is not a fault of the app.
  if (error !== undefined || response.statusCode >= 500) return response.statusCode === 503 ? 'warn' : 'error';
  return 'info';
}

function describe(request: IncomingMessage, response: ServerResponse): string {
  const end = response.writableFinished ? String(response.statusCode) : `${response.statusCode}, cut`;
  return `${request.method} ${addressOf(request)} ${end}`;
}

function pathOf(request: IncomingMessage): string {
  return addressOf(request).split('?', 1)[0] ?? '';
}

/** Express rewrites `url` inside mounted routers. */
function addressOf(request: IncomingMessage & { originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '';
}
