import { type Server } from 'node:http';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type Request } from 'express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import { type AppConfig } from './app.config.js';
import { QuietStartLogger } from './telemetry/quiet-start.logger.js';
import { version } from './telemetry/version.js';
import { corsOrigin } from './gateway/cors-origin.js';
import { SocketIoAdapter } from './gateway/transports/socket-io.adapter.js';
import { hasLargeBody } from './rest/large-body.interceptor.js';
import { answerMalformedRequests } from './rest/malformed-requests.js';
import { setUpOpenApi } from './rest/openapi.js';
import { hasRawBody } from './rest/raw-body.js';

/** Largest request body, in bytes, above the largest payload of a notification. */
const bodyMargin = 16_384;

/** TCP connections for requests and refusals, above those that clients may keep open. */
const requestMargin = 5_000;

/** What surrounds the modules: log, headers, body limits, socket.io. The same for the program and for tests. */
export function setUpApp(app: NestExpressApplication, config: AppConfig): void {
  app.useLogger(new QuietStartLogger(app.get(Logger)));
  app.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'self'"],
          'script-src': ["'self'"],
          'style-src': ["'self'"],
          'connect-src': ["'self'", 'ws:', 'wss:'],
          'img-src': ["'self'", 'https://cdn.discordapp.com', 'data:'],
          'object-src': ["'none'"],
          'base-uri': ["'none'"],
          'form-action': ["'self'"],
          'frame-ancestors': ["'self'"],
        },
      },
      // Open guilds are there to be read by other sites.
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // Behind plain HTTP on a laptop the header would lock browsers out.
      strictTransportSecurity: false,
    }),
  );
  const origin = corsOrigin(config.CORS_ORIGINS);
  app.enableCors({
    origin,
    // Pages of origins that are named may use their visitors' logins; where every page may read, none may.
    credentials: origin !== '*',
    exposedHeaders: ['ETag', 'Location', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After'],
  });
  app.useBodyParser('json', {
    limit: config.QUEUE_MAX_PAYLOAD_BYTES + bodyMargin,
    strict: true,
    type: (request) =>
      (request as Request).is('application/json') !== false && !hasLargeBody(request) && !hasRawBody(request),
  });
  boundServer(app.getHttpServer(), config);
  answerMalformedRequests(app.getHttpServer());
  app.useWebSocketAdapter(new SocketIoAdapter(app, config));
  setUpOpenApi(app, version);
}

/** What a peer may cost before a request of its own is there. */
function boundServer(server: Server, { MAX_CONNECTIONS, MAX_HEADER_BYTES, HANDSHAKE_SECONDS }: AppConfig): void {
  const patience = HANDSHAKE_SECONDS * 1000;
  // The library makes the server itself and takes no options for it; Node reads these of the server when they are needed.
  Object.assign(server, {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: patience,
    connectionsCheckingInterval: Math.min(patience, 30_000),
    // Requests and those who are being refused need room beside the open connections.
    maxConnections: MAX_CONNECTIONS + requestMargin,
  });
}
