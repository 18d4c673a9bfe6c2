import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { type Closing, type CloseReason, closingFor } from '../domain/closing.js';
import { addressGroup } from '../rate-limit/client-address.js';
import { Metrics } from '../telemetry/metrics.js';
import { GATEWAY_CONFIG, type GatewayConfig } from './gateway.config.js';
import { GatewayMetrics } from './gateway.metrics.js';
import { type TransportName, transportNames } from './transport.js';

/** A client's connection, whatever it speaks. */
export interface Connection {
  readonly transport: TransportName;
  /** Where the client is. */
  readonly address: string;
  /** Bytes that the client has not taken yet, as far as this process knows. */
  waiting(): number;
  /** Tells the client why, and ends. May be called again. */
  close(closing: Closing): void;
}

/**
 * Milliseconds for a client to read why its connection ends, and to end it. One that does not must hold up neither the end
 * of the process nor our memory.
 */
export function closingTime(reason?: CloseReason): number {
  return reason === 'shutdown' ? 1_000 : 5_000;
}

/** Milliseconds between two rounds of closing. */
const roundPause = 50;

/** Closed in one round at least: a small house is empty at once. */
const leastPerRound = 10;

/** Milliseconds between two complaints in the log about an address with too many connections. */
const complaintPause = 60_000;

/** Seconds after which a refused client may ask again. */
const comeBackAfter = 5;

/** Every open connection: how many there may be, what waits for them, and how they end when the process does. */
@Injectable()
export class Connections implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Connections.name);
  private readonly open = new Set<Connection>();
  private readonly byAddress = new Map<string, number>();
  private closing = false;
  private lastComplaint = -Infinity;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly counted: GatewayMetrics,
    metrics: Metrics,
  ) {
    metrics.readAtScrape(
      {
        name: 'guildcast_waiting_bytes',
        help: 'Bytes queued in this process for clients that have not read them yet.',
        labels: { transport: transportNames },
      },
      () => this.waiting(),
    );
  }

  get size(): number {
    return this.open.size;
  }

  /** The process is about to end: nobody is let in any more. */
  get draining(): boolean {
    return this.closing;
  }

  /** Why nobody else is let in from this address now; undefined when somebody is. */
  refusal(address: string): Closing | undefined {
    const reason = this.refusalReason(addressGroup(address));
    if (reason === 'address-full') this.complain(address);
    return reason && closingFor(reason, comeBackAfter);
  }

  /** Call the answer when the connection has ended. */
  add(connection: Connection): () => void {
    const { transport } = connection;
    const from = addressGroup(connection.address);
    this.open.add(connection);
    this.byAddress.set(from, (this.byAddress.get(from) ?? 0) + 1);
    this.counted.connections.inc({ transport });
    return () => {
      if (!this.open.delete(connection)) return;
      const left = (this.byAddress.get(from) ?? 0) - 1;
      if (left > 0) this.byAddress.set(from, left);
      else this.byAddress.delete(from);
      this.counted.connections.dec({ transport });
    };
  }

  /** Closes are spread, so that not everybody is back at the same moment at the next process. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    const rounds = Math.max(1, Math.floor((this.config.DRAIN_SECONDS * 1000) / roundPause));
    const waiting = [...this.open];
    const perRound = Math.max(leastPerRound, Math.ceil(waiting.length / rounds));
    for (let from = 0; from < waiting.length; from += perRound) {
      if (from > 0) await wait(roundPause);
      for (const connection of waiting.slice(from, from + perRound)) this.end(connection);
    }
    // Those who came in while it began.
    for (const connection of this.open) this.end(connection);
  }

  private end(connection: Connection): void {
    if (this.open.has(connection)) connection.close(closingFor('shutdown'));
  }

  private refusalReason(from: string): CloseReason | undefined {
    if (this.closing) return 'shutdown';
    if (this.open.size >= this.config.MAX_CONNECTIONS) return 'service-full';
    return (this.byAddress.get(from) ?? 0) >= this.config.MAX_CONNECTIONS_PER_ADDRESS ? 'address-full' : undefined;
  }

  private waiting(): { labels: { transport: TransportName }; value: number }[] {
    const bytes = new Map(transportNames.map((name) => [name, 0]));
    for (const connection of this.open) {
      bytes.set(connection.transport, (bytes.get(connection.transport) ?? 0) + connection.waiting());
    }
    return [...bytes].map(([transport, value]) => ({ labels: { transport }, value }));
  }

  private complain(address: string): void {
    if (performance.now() - this.lastComplaint < complaintPause) return;
    this.lastComplaint = performance.now();
    this.logger.warn(
      `${address} has ${this.config.MAX_CONNECTIONS_PER_ADDRESS} connections, and gets no more. ` +
        'If that is your reverse proxy, say so in TRUST_PROXY; otherwise see MAX_CONNECTIONS_PER_ADDRESS.',
    );
  }
}
