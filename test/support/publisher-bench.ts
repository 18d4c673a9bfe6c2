import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPublisher, PublishError, type Publisher, type PublisherSettings } from '../../src/publisher/index.js';
import { CuttableProxy } from './cuttable-proxy.js';
import { PublisherPeer } from './publisher-peer.js';

export const key = 'publish-key-that-nobody-may-see';
export const userId = '80351110224678912';

/** A Guildcast that can go away, a spool, and publishers for both. */
export class PublisherBench {
  private readonly publishers: Publisher[] = [];

  private constructor(
    readonly root: string,
    readonly peer: PublisherPeer,
    readonly proxy: CuttableProxy,
  ) {}

  static async open(): Promise<PublisherBench> {
    const root = await mkdtemp(path.join(tmpdir(), 'guildcast-outbox-'));
    const peer = await PublisherPeer.start();
    return new PublisherBench(root, peer, await CuttableProxy.to(peer.url));
  }

  async close(): Promise<void> {
    for (const publisher of this.publishers) await publisher.close();
    await this.proxy.close();
    await this.peer.stop();
    await rm(this.root, { recursive: true, force: true });
  }

  /** By itself it tries again soon, or, with `patient`, not within a test. */
  publisherWith(settings: PublisherSettings = {}, patient = false): Publisher {
    const pace = patient ? { retryBaseMs: 600_000, retryCapMs: 600_000 } : { retryBaseMs: 20, retryCapMs: 100 };
    const publisher = createPublisher({ url: this.proxy.url, key, userId, spool: this.root, ...pace, ...settings }, {});
    this.publishers.push(publisher);
    return publisher;
  }

  /** Paths of the notifications on disk. */
  async spooled(): Promise<string[]> {
    return (await readdir(this.root, { recursive: true })).filter((name) => name.endsWith('.json'));
  }

  /** The numbers that Guildcast accepted, each once. */
  numbers(): number[] {
    return this.peer.accepted.map(({ payload }) => (payload as { number: number }).number);
  }
}

export const send = (publisher: Publisher, number: number) =>
  publisher.publish({ type: 'counted', payload: { number } });

export async function failure(promise: Promise<unknown>): Promise<PublishError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PublishError) return error;
  throw new Error(`not refused: ${String(error)}`);
}
