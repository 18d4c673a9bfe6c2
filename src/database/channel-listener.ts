import { Logger } from '@nestjs/common';
import { Client, type ClientConfig } from 'pg';
import { describeConnectionFault } from './connection-fault.js';

/** `payload` is undefined when anything may have been said, unheard. */
export type Heard = (payload?: string) => void;

const firstDelay = 250;
const longestDelay = 15_000;

/**
 * Hears NOTIFY on one connection of its own, opened at the first `listen` and opened again whenever it breaks. A hint,
 * not a promise: what is said while the connection is away is lost, so every listener is called once after each
 * (re)connection, and must also look by itself from time to time.
 */
export class ChannelListener {
  private readonly logger = new Logger(ChannelListener.name);
  private readonly callbacks = new Map<string, Set<Heard>>();
  private client?: Client;
  /** What the present connection hears. */
  private heard = new Set<string>();
  /** One statement after the other: pg is not to be given two at once. */
  private subscriptions: Promise<void> = Promise.resolve();
  private timer?: NodeJS.Timeout;
  private tries = 0;
  private troubled = false;
  private closed = false;

  /** `subject` names the database to whoever reads the log. */
  constructor(
    private readonly options: () => ClientConfig,
    private readonly subject = 'The database',
  ) {}

  /** Calls `callback` for every NOTIFY on the channel; the answer ends it. Returns before the connection stands. */
  listen(channel: string, callback: Heard): () => void {
    const callbacks = this.callbacks.get(channel) ?? new Set();
    callbacks.add(callback);
    this.callbacks.set(channel, callbacks);
    if (!this.client) this.connect();
    else if (callbacks.size === 1) this.subscriptions = this.subscriptions.then(() => this.subscribe());
    return () => callbacks.delete(callback);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private connect(): void {
    let client: Client;
    try {
      client = this.client = new Client(this.options());
    } catch (error) {
      // Such as a certificate that cannot be read: perhaps later.
      this.complain(error);
      return this.reconnect();
    }
    // Comes after every end, wanted or not, and after a connection that never stood.
    client.once('end', () => this.reconnect());
    // Followed by `end`; without a listener it would end the process.
    client.on('error', (error) => this.complain(error));
    client.on('notification', ({ channel, payload }) => this.call(channel, payload ?? ''));
    this.heard = new Set();
    this.subscriptions = client.connect().then(
      () => this.subscribe(),
      (error: unknown) => this.complain(error),
    );
  }

  /** To whatever is not heard yet. */
  private async subscribe(): Promise<void> {
    const { client, heard } = this;
    const channels = [...this.callbacks.keys()].filter((channel) => !heard.has(channel));
    if (!client || channels.length === 0) return;
    try {
      for (const channel of channels) {
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
        heard.add(channel);
      }
    } catch (error) {
      this.complain(error);
      await client.end().catch(() => undefined);
      return;
    }
    if (this.troubled) this.logger.log(`${this.subject} is heard again`);
    this.troubled = false;
    this.tries = 0;
    for (const channel of channels) this.call(channel);
  }

  private call(channel: string, payload?: string): void {
    for (const callback of this.callbacks.get(channel) ?? []) callback(payload);
  }

  private complain(error: unknown): void {
    if (this.closed || this.troubled) return;
    this.troubled = true;
    this.logger.warn(`${this.subject} is not heard, listeners look by themselves: ${describeConnectionFault(error)}`);
  }

  private reconnect(): void {
    if (this.closed) return;
    const delay = Math.min(longestDelay, firstDelay * 2 ** Math.min(this.tries, 10));
    this.tries += 1;
    this.timer = setTimeout(() => this.connect(), delay);
  }
}
