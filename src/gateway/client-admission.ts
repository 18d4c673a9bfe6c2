import { type IncomingHttpHeaders } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { addressGroup, ClientAddress } from '../rate-limit/client-address.js';
import { RateLimiter } from '../rate-limit/rate-limiter.js';
import { GATEWAY_CONFIG, type GatewayConfig } from './gateway.config.js';
import { GatewayMetrics } from './gateway.metrics.js';
import { type TransportName } from './transport.js';

/** Bounds what web clients may take: how many are connected over all transports, and how fast one of them may ask. */
@Injectable()
export class ClientAdmission implements BeforeApplicationShutdown {
  private open = 0;
  private closing = false;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly limiter: RateLimiter,
    private readonly addresses: ClientAddress,
    private readonly metrics: GatewayMetrics,
  ) {}

  get connections(): number {
    return this.open;
  }

  /** The process is about to end: nobody is let in any more. */
  get draining(): boolean {
    return this.closing;
  }

  beforeApplicationShutdown(): void {
    this.closing = true;
  }

  /** Undefined when the house is full or about to close; otherwise call the answer when the connection ends. */
  connect(transport: TransportName): (() => void) | undefined {
    if (this.closing || this.open >= this.config.MAX_CONNECTIONS) return undefined;
    this.open += 1;
    this.metrics.connections.inc({ transport });
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      this.open -= 1;
      this.metrics.connections.dec({ transport });
    };
  }

  /** Counts a client that was cut off because too much waited for it. */
  slowReaderCut(transport: TransportName): void {
    this.metrics.slowReadersCut.inc({ transport });
  }

  /** `address` as `addressOf` tells it. @throws Fault `rate.limited` */
  async ask(bucket: 'socket' | 'join', address: string): Promise<void> {
    const { allowed, retryAfter } = await this.limiter.take(bucket, addressGroup(address));
    if (!allowed) throw new Fault('rate.limited', 'Too many messages: wait a little.', { retryAfter });
  }

  /** Where a client is, behind the same trusted proxies as on the HTTP side. */
  addressOf(peer: string | undefined, headers: IncomingHttpHeaders): string {
    return this.addresses.of(peer, headers);
  }
}
