import { type IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { addressGroup, ClientAddress } from '../rate-limit/client-address.js';
import { RateLimiter } from '../rate-limit/rate-limiter.js';
import { GATEWAY_CONFIG, type GatewayConfig } from './gateway.config.js';

/** Bounds what web clients may take: how many are connected over all transports, and how fast one of them may ask. */
@Injectable()
export class ClientAdmission {
  private open = 0;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly limiter: RateLimiter,
    private readonly addresses: ClientAddress,
  ) {}

  get connections(): number {
    return this.open;
  }

  /** Undefined when the house is full; otherwise call the answer when the connection ends. */
  connect(): (() => void) | undefined {
    if (this.open >= this.config.MAX_CONNECTIONS) return undefined;
    this.open += 1;
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      this.open -= 1;
    };
  }

  /** @throws Fault `rate.limited` */
  async ask(bucket: 'socket' | 'join', client: string): Promise<void> {
    const { allowed, retryAfter } = await this.limiter.take(bucket, client);
    if (!allowed) throw new Fault('rate.limited', 'Too many messages: wait a little.', { retryAfter });
  }

  /** Whom this client counts as, behind the same trusted proxies as on the HTTP side. */
  clientOf(request: IncomingMessage): string {
    return addressGroup(this.addresses.of(request.socket.remoteAddress, request.headers));
  }
}
