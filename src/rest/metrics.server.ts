import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { StartupError } from '../database/startup-error.js';
import { type Metrics } from '../telemetry/metrics.js';

export interface MetricsServerOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
}

/**
 * `/metrics` on a port of its own, without a key: for a scraper inside the operator's own network. Open from before
 * anything connects, until everything else has stopped.
 */
export class MetricsServer implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(MetricsServer.name);
  private readonly server: Server;

  constructor(
    private readonly metrics: Metrics,
    private readonly options: MetricsServerOptions,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @throws StartupError when the port cannot be had. */
  async onModuleInit(): Promise<void> {
    const { port, host } = this.options;
    this.server.listen(port, host);
    try {
      await once(this.server, 'listening');
    } catch (error) {
      throw new StartupError(sentenceOf(error, this.options), { cause: error });
    }
    this.logger.log(`Metrics are at ${this.url}`);
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** Once it listens. */
  get url(): string {
    const { address, family, port } = this.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.split('?', 1)[0] !== '/metrics') return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { Allow: 'GET' }).end();
    try {
      const text = await this.metrics.expose();
      response.writeHead(200, { 'Content-Type': this.metrics.contentType, 'Cache-Control': 'no-store' }).end(text);
    } catch (error) {
      this.logger.error('The metrics cannot be read', error instanceof Error ? error.stack : String(error));
      response.writeHead(500).end();
    }
  }
}

function sentenceOf(error: unknown, { port, host }: MetricsServerOptions): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is taken by another program: set METRICS_PORT to another (0 takes a free one).`;
  }
  return `The metrics cannot be served on port ${port} of ${host} (${code}): set METRICS_PORT and HOST to what can be had.`;
}
