import { isUtf8 } from 'node:buffer';
import { type IncomingHttpHeaders } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { addressGroup, ClientAddress } from '../rate-limit/client-address.js';
import { RateLimiter } from '../rate-limit/rate-limiter.js';
import { sessionCookieName, cookieOf } from '../doors/session-cookie.js';
import { Connections } from './connections.js';
import { mayUseCookies, namedOrigins } from './cors-origin.js';
import { GATEWAY_CONFIG, type GatewayConfig } from './gateway.config.js';
import { type Credentials } from './guild-access.js';
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

  /**
   * What a client shows at doors by the head of its request: the cookie of a login, where the page that asks may use it, and
   * the headers `X-Guild-Password` and `X-Discord-Token`.
   */
  shownBy(headers: IncomingHttpHeaders): Credentials {
    const { CORS_ORIGINS, PUBLIC_URL } = this.config;
    const password = headerOf(headers, 'x-guild-password');
    const discordToken = headerOf(headers, 'x-discord-token');
    const session =
      PUBLIC_URL !== undefined && mayUseCookies(CORS_ORIGINS, PUBLIC_URL, headers)
        ? cookieOf(headers.cookie, sessionCookieName(PUBLIC_URL))
        : undefined;
    return {
      ...(password !== undefined && { password }),
      ...(discordToken !== undefined && { discordToken }),
      ...(session !== undefined && { session }),
    };
  }

  /** The origins that the operator names; none when every one may read. */
  get origins(): readonly string[] {
    return namedOrigins(this.config.CORS_ORIGINS);
  }

  /** Where a client is, behind the same trusted proxies as on the HTTP side. */
  addressOf(peer: string | undefined, headers: IncomingHttpHeaders): string {
    return this.addresses.of(peer, headers);
  }
}

/** Undefined when it is empty. */
function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? decoded(value) : undefined;
}

/** Header lines are bytes: Node reads them as Latin-1, and clients that can send more than that write UTF-8. */
function decoded(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}
