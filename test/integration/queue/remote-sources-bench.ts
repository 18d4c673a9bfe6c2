import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { DiscordSender } from '../../../src/discord/discord-sender.js';
import { MessageLookup } from '../../../src/discord/message-lookup.js';
import { WebhookSender } from '../../../src/discord/webhook-sender.js';
import { type RenderedMessage, type SendOutcome } from '../../../src/domain/notification.js';
import { EventLogModule } from '../../../src/event-log/event-log.module.js';
import { NotificationQueue } from '../../../src/queue/notification-queue.js';
import { queueConfig } from '../../../src/queue/queue.config.js';
import { QueueModule } from '../../../src/queue/queue.module.js';
import { remoteSourcesConfig } from '../../../src/queue/sources/remote-sources.config.js';
import { RemoteSources } from '../../../src/queue/sources/remote-sources.js';
import { RemoteSourcesModule } from '../../../src/queue/sources/remote-sources.module.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { ReferenceQueue } from '../../support/remote-sources-reference.js';
import { createTestDatabase } from '../../support/test-database.js';

const arrives: SendOutcome = { kind: 'sent', messageId: '1' };

/** Discord as a test wants it: direct messages alone, which all arrive unless `answer` says otherwise. */
class ScriptedDms extends DiscordSender {
  readonly sent: { userId: string; text: string }[] = [];
  answer: (text: string) => SendOutcome | Promise<SendOutcome> = () => arrives;

  sendToUser(userId: string, message: RenderedMessage): Promise<SendOutcome> {
    const text = JSON.stringify(message.embeds);
    return Promise.resolve(this.answer(text)).then((outcome) => {
      if (outcome.kind === 'sent') this.sent.push({ userId, text });
      return outcome;
    });
  }

  sendToChannel(): Promise<SendOutcome> {
    return Promise.reject(new Error('events of sources go to people'));
  }

  editInChannel(): Promise<SendOutcome> {
    return Promise.reject(new Error('nothing is edited'));
  }

  editForUser(): Promise<SendOutcome> {
    return this.editInChannel();
  }
}

class NoWebhooks extends WebhookSender {
  read(): undefined {
    return undefined;
  }

  send(): Promise<SendOutcome> {
    return Promise.reject(new Error('no webhooks'));
  }

  edit(): Promise<SendOutcome> {
    return Promise.reject(new Error('no webhooks'));
  }
}

export interface RunningSources {
  sources: RemoteSources;
  queue: NotificationQueue;
  metrics: Metrics;
  close(): Promise<void>;
}

/** A fresh database and a fresh reference queue for each test, and processes that poll it. */
export class RemoteSourcesBench {
  dms!: ScriptedDms;
  reference!: ReferenceQueue;
  databaseUrl!: string;
  private database!: Awaited<ReturnType<typeof createTestDatabase>>;
  private observer!: DataSource;
  private readonly running = new Set<RunningSources>();
  private readonly references: ReferenceQueue[] = [];

  constructor() {
    beforeAll(async () => {
      this.database = await createTestDatabase();
      this.databaseUrl = this.database.url;
    });
    beforeEach(async () => {
      this.dms = new ScriptedDms();
      this.reference = await this.another();
    });
    afterEach(async () => {
      await Promise.all([...this.running].map((running) => this.stop(running)));
      await Promise.all(this.references.splice(0).map((reference) => reference.goDown()));
      const tables = 'notifications, notification_attempts, remote_events, remote_sources';
      if (this.observer) await this.observer.query(`truncate ${tables} restart identity`);
    });
    afterAll(async () => {
      await this.observer?.destroy();
      await this.database.drop();
    });
  }

  async another(): Promise<ReferenceQueue> {
    const reference = await ReferenceQueue.start();
    this.references.push(reference);
    return reference;
  }

  async start(settings: Record<string, string> = {}, url = this.database.url): Promise<RunningSources> {
    const { dms } = this;
    @Module({
      providers: [
        { provide: DiscordSender, useValue: dms },
        { provide: MessageLookup, useValue: { find: () => Promise.resolve({ kind: 'unclear' }) } },
        { provide: WebhookSender, useValue: new NoWebhooks() },
      ],
      exports: [DiscordSender, WebhookSender, MessageLookup],
    })
    class SenderModule {}

    const queue = QueueModule.forRoot({
      config: queueConfig.parse({
        QUEUE_RETRY_SCHEDULE: '1',
        QUEUE_POLL_SECONDS: '1',
        QUEUE_DELIVERY: 'pull',
        ...settings,
      }),
      imports: [SenderModule],
    });
    const config = remoteSourcesConfig.parse({
      QUEUE_SOURCES: this.reference.url,
      QUEUE_SOURCE_INTERVAL: '1',
      ...settings,
    });
    const module = await Test.createTestingModule({
      imports: [
        DatabaseModule.forRoot({ url }),
        EventLogModule.forRoot({ HISTORY_SIZE: 100, HISTORY_SECONDS: 3_600, PRESENCE_WINDOW_MS: 0 }),
        queue,
        RemoteSourcesModule.forRoot({ config, imports: [queue] }),
      ],
    }).compile();
    module.useLogger(false);
    await module.init();
    if (!this.observer) this.observer = await new DataSource({ type: 'postgres', url: this.database.url }).initialize();
    const running = {
      sources: module.get(RemoteSources),
      queue: module.get(NotificationQueue),
      metrics: module.get(Metrics, { strict: false }),
      close: () => module.close(),
    };
    this.running.add(running);
    return running;
  }

  async stop(running: RunningSources): Promise<void> {
    if (this.running.delete(running)) await running.close();
  }

  rows<T>(statement: string, parameters: unknown[] = []): Promise<T[]> {
    return this.observer.query(statement, parameters);
  }
}
