import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Client, type Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describeConnectionFault } from './connection-fault.js';

const firstDelay = 250;
const longestDelay = 15_000;

/**
 * Hears NOTIFY on one connection of its own, opened at the first `listen` and opened again whenever it breaks. A hint,
 * not a promise: what is said while the connection is away is lost, so every listener is called once after each
 * (re)connection, and must also look by itself from time to time.
 */
@Injectable()
export class PgListener implements OnModuleDestroy {
  private readonly logger = new Logger(PgListener.name);
  private readonly callbacks = new Map<string, Set<() => void>>();
  private client?: Client;
  private timer?: NodeJS.Timeout;
  private tries = 0;
  private troubled = false;
  private closed = false;

  constructor(private readonly dataSource: DataSource) {}

  /** Calls `callback` for every NOTIFY on the channel; the answer ends it. Returns before the connection stands. */
  listen(channel: string, callback: () => void): () => void {
    const callbacks = this.callbacks.get(channel) ?? new Set();
    callbacks.add(callback);
    this.callbacks.set(channel, callbacks);
    if (!this.client) this.connect();
    else if (callbacks.size === 1) void this.subscribe(this.client, [channel]);
    return () => callbacks.delete(callback);
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private connect(): void {
    // With the pool's own options: they are how this database is reached, in whatever form they were given.
    const { options } = (this.dataSource.driver as unknown as { master: Pool }).master;
    const client = new Client(options);
    this.client = client;
    // Comes after every end, wanted or not, and after a connection that never stood.
    client.once('end', () => this.reconnect());
    // Followed by `end`; without a listener it would end the process.
    client.on('error', (error) => this.complain(error));
    client.on('notification', ({ channel }) => this.call(channel));
    client.connect().then(
      () => this.subscribe(client, [...this.callbacks.keys()]),
      (error: unknown) => this.complain(error),
    );
  }

  private async subscribe(client: Client, channels: string[]): Promise<void> {
    try {
      for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      this.complain(error);
      await client.end().catch(() => undefined);
      return;
    }
    if (this.troubled) this.logger.log('The database is heard again');
    this.troubled = false;
    this.tries = 0;
    for (const channel of channels) this.call(channel);
  }

  private call(channel: string): void {
    for (const callback of this.callbacks.get(channel) ?? []) callback();
  }

  private complain(error: unknown): void {
    if (this.closed || this.troubled) return;
    this.troubled = true;
    this.logger.warn(`The database is not heard, listeners look by themselves: ${describeConnectionFault(error)}`);
  }

  private reconnect(): void {
    if (this.closed) return;
    const delay = Math.min(longestDelay, firstDelay * 2 ** Math.min(this.tries, 10));
    this.tries += 1;
    this.timer = setTimeout(() => this.connect(), delay);
  }
}
