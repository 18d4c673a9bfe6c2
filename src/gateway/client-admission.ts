import { type IncomingHttpHeaders } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { addressGroup, ClientAddress } from '../rate-limit/client-address.js';
import { RateLimiter } from '../rate-limit/rate-limiter.js';
import { Connections } from './connections.js';
import { GATEWAY_CONFIG, type GatewayConfig } from './gateway.config.js';
import { type MessageRates } from './message-budget.js';

/** Refused clients that are held at the same time; any more are let go at once. */
const mostHeld = 1_000;

/** What surrounds a client's way in, alike on every transport: where it is, how fast it may ask, how it is refused. */
@Injectable()
export class ClientAdmission implements BeforeApplicationShutdown {
  private readonly held = new Set<() => void>();

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly limiter: RateLimiter,
    private readonly addresses: ClientAddress,
    private readonly connections: Connections,
  ) {}

  beforeApplicationShutdown(): void {
    for (const letGo of [...this.held]) letGo();
  }

  /** Whether a refused client can be held. If not, it is not worth a word either. */
  get canHold(): boolean {
    return this.held.size < mostHeld && !this.connections.draining;
  }

  /** Ends when a refused client may be let go. */
  hold(): Promise<void> {
    if (!this.canHold) return Promise.resolve();
    return new Promise((resolve) => {
      const letGo = () => {
        clearTimeout(timer);
        this.held.delete(letGo);
        resolve();
      };
      const timer = setTimeout(letGo, this.config.REFUSAL_HOLD_SECONDS * 1000);
      this.held.add(letGo);
    });
  }

  /** @throws Fault when a request that stays open, such as a stream, cannot be let in now; held back before */
  async admitRequest(address: string): Promise<void> {
    const refusal = this.connections.refusal(address);
    if (!refusal) return;
    await this.hold();
    const { reason, message, retryAfter } = refusal;
    throw new Fault(reason === 'address-full' ? 'rate.limited' : 'service.unavailable', message, { retryAfter });
  }

  /** How fast one socket may ask. */
  get rates(): MessageRates {
    const { SOCKET_MESSAGES_PER_SECOND: messages, SOCKET_JOINS_PER_SECOND: joins } = this.config;
    return { messages, joins };
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
