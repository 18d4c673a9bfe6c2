import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { DiscordSender } from '../../../src/discord/discord-sender.js';
import { MessageLookup, type MessageSearch } from '../../../src/discord/message-lookup.js';
import { type Webhook, WebhookSender } from '../../../src/discord/webhook-sender.js';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type RenderedMessage, type SendOutcome } from '../../../src/domain/notification.js';
import { EventLog } from '../../../src/event-log/event-log.js';
import { EventLogModule } from '../../../src/event-log/event-log.module.js';
import { NotificationQueue, type NotificationView } from '../../../src/queue/notification-queue.js';
import { LeaseRepository } from '../../../src/queue/lease.repository.js';
import { NotificationRepository } from '../../../src/queue/notification.repository.js';
import { PullAcks } from '../../../src/queue/pull-acks.js';
import { PullQueue } from '../../../src/queue/pull-queue.js';
import { QueueDestinations } from '../../../src/queue/destinations/queue-destinations.js';
import { WebhookEndpoints } from '../../../src/queue/endpoints/webhook-endpoints.js';
import { webhookConfig } from '../../../src/queue/endpoints/webhook.config.js';
import { SentMessages } from '../../../src/discord/sent-messages.js';
import { QueueInspection } from '../../../src/queue/queue-inspection.js';
import { queueConfig } from '../../../src/queue/queue.config.js';
import { QueueModule } from '../../../src/queue/queue.module.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { createTestDatabase } from '../../support/test-database.js';

interface Sending {
  /** Of a direct message. */
  userId?: string;
  channelId?: string;
  webhook?: Webhook;
  message: RenderedMessage;
  /** Not by webhook, and not of an edit. */
  nonce?: string;
  /** The message that is replaced. */
  edits?: string;
}

interface Search {
  place: { userId: string } | { channelId: string };
  message: RenderedMessage;
  since: Date;
}

type Answer = (sending: Sending, count: number) => SendOutcome | Promise<SendOutcome>;

const allArrives: Answer = ({ edits }, count) => ({ kind: 'sent', messageId: edits ?? String(10_000 + count) });

/** Discord as a test wants it: by default everything arrives. */
class ScriptedSender extends DiscordSender {
  readonly sendings: Sending[] = [];
  answer = allArrives;
  readonly searches: Search[] = [];
  found: (search: Search) => MessageSearch = () => ({ kind: 'absent' });

  reset(): void {
    this.sendings.length = 0;
    this.answer = allArrives;
    this.searches.length = 0;
    this.found = () => ({ kind: 'absent' });
  }

  sendToUser(userId: string, message: RenderedMessage, nonce: string): Promise<SendOutcome> {
    return this.take({ userId, message, nonce });
  }

  sendToChannel(channelId: string, message: RenderedMessage, nonce: string): Promise<SendOutcome> {
    return this.take({ channelId, message, nonce });
  }

  editInChannel(place: { channelId: string; messageId: string }, message: RenderedMessage): Promise<SendOutcome> {
    return this.take({ channelId: place.channelId, edits: place.messageId, message });
  }

  editForUser(place: { userId: string; messageId: string }, message: RenderedMessage): Promise<SendOutcome> {
    return this.take({ userId: place.userId, edits: place.messageId, message });
  }

  async take(sending: Sending): Promise<SendOutcome> {
    this.sendings.push(sending);
    return this.answer(sending, this.sendings.length);
  }
}

/** Webhooks of the same script: `hook:<id>/<token>` is the address of one. */
class ScriptedWebhooks extends WebhookSender {
  constructor(private readonly sender: ScriptedSender) {
    super();
  }

  read(url: string): Webhook | undefined {
    const [, id, token] = /^hook:(\d+)\/([\w-]+)$/.exec(url) ?? [];
    return id === undefined || token === undefined ? undefined : { id, token };
  }

  send(webhook: Webhook, message: RenderedMessage): Promise<SendOutcome> {
    return this.sender.take({ webhook, message });
  }

  edit(webhook: Webhook, messageId: string, message: RenderedMessage): Promise<SendOutcome> {
    return this.sender.take({ webhook, edits: messageId, message });
  }
}

/** What the channels show of the script. */
class ScriptedLookup extends MessageLookup {
  constructor(private readonly sender: ScriptedSender) {
    super();
  }

  find(
    place: { userId: string } | { channelId: string },
    message: RenderedMessage,
    since: Date,
  ): Promise<MessageSearch> {
    const search = { place, message, since };
    this.sender.searches.push(search);
    return Promise.resolve(this.sender.found(search));
  }
}

export const nobodysFault: SendOutcome = { kind: 'retry', reason: 'Discord cannot be reached.', burnsAttempt: false };
export const failure: SendOutcome = { kind: 'retry', reason: 'Discord stumbled.', burnsAttempt: true };
export const refusal: SendOutcome = { kind: 'permanent', reason: 'Discord knows no such user.' };

export const guildId = '900000000000000001';
export const aNotification = {
  target: { userId: '100000000000000001' },
  type: 'backup_error',
  payload: { error_message: 'disk full' },
  publisher: 'tester',
};

export interface RunningQueue {
  queue: NotificationQueue;
  repository: NotificationRepository;
  leases: LeaseRepository;
  pull: PullQueue;
  acks: PullAcks;
  inspection: QueueInspection;
  metrics: Metrics;
  destinations: QueueDestinations;
  endpoints: WebhookEndpoints;
  sent: SentMessages;
  database: DataSource;
  /** Of every guild, in order. */
  events: DomainEvent[];
  close(): Promise<void>;
}

/** A queue on a real database. `worker: false` leaves out the hooks that start the worker and the sweeper. */
export async function startQueue(
  url: string,
  {
    sender = new ScriptedSender(),
    settings = {},
    worker = true,
  }: {
    sender?: ScriptedSender;
    settings?: Record<string, string>;
    worker?: boolean;
  } = {},
): Promise<RunningQueue> {
  @Module({
    providers: [
      { provide: DiscordSender, useValue: sender },
      { provide: WebhookSender, useValue: new ScriptedWebhooks(sender) },
      { provide: MessageLookup, useValue: new ScriptedLookup(sender) },
    ],
    exports: [DiscordSender, WebhookSender, MessageLookup],
  })
  class SenderModule {}

  const module = await Test.createTestingModule({
    imports: [
      DatabaseModule.forRoot({ url }),
      EventLogModule.forRoot({ HISTORY_SIZE: 10_000, HISTORY_SECONDS: 3_600, PRESENCE_WINDOW_MS: 0 }),
      QueueModule.forRoot({
        config: queueConfig.parse(settings),
        webhooks: webhookConfig.parse(settings),
        imports: [SenderModule],
      }),
    ],
  }).compile();
  module.useLogger(false);
  const events: DomainEvent[] = [];
  module.get(EventLog).subscribe((event) => events.push(event));
  if (worker) await module.init();
  return {
    queue: module.get(NotificationQueue),
    repository: module.get(NotificationRepository),
    leases: module.get(LeaseRepository),
    pull: module.get(PullQueue),
    acks: module.get(PullAcks),
    inspection: module.get(QueueInspection),
    metrics: module.get(Metrics),
    destinations: module.get(QueueDestinations),
    endpoints: module.get(WebhookEndpoints),
    sent: module.get(SentMessages),
    database: module.get(DataSource),
    events,
    close: () => module.close(),
  };
}

export async function untilState(
  { queue }: RunningQueue,
  id: string,
  state: NotificationView['state'],
): Promise<NotificationView> {
  return vi.waitFor(
    async () => {
      const view = await queue.get(id);
      expect(view.state).toBe(state);
      return view;
    },
    { timeout: 15_000, interval: 20 },
  );
}

/**
 * One database for the tests of a file, emptied after each. `start` gives another process at work on it, with a worker
 * or without; all are closed after the test. `observer` is such a process, without a worker, for all tests.
 */
export class QueueBench {
  readonly sender = new ScriptedSender();
  observer!: RunningQueue;
  private database!: Awaited<ReturnType<typeof createTestDatabase>>;
  private readonly running = new Set<RunningQueue>();

  constructor() {
    beforeAll(async () => {
      this.database = await createTestDatabase();
      this.observer = await startQueue(this.database.url, { worker: false });
    });
    afterEach(async () => {
      await Promise.all([...this.running].map((running) => this.stop(running)));
      await this.observer.database.query(
        `truncate notifications, notification_attempts, notification_boards, notification_floods, notification_destinations
         restart identity`,
      );
      this.observer.events.length = 0;
      this.sender.reset();
    });
    afterAll(async () => {
      await this.observer.close();
      await this.database.drop();
    });
  }

  get url(): string {
    return this.database.url;
  }

  async start(settings: Record<string, string> = {}, worker = true): Promise<RunningQueue> {
    const running = await startQueue(this.database.url, { sender: this.sender, settings, worker });
    this.running.add(running);
    return running;
  }

  async stop(running: RunningQueue): Promise<void> {
    if (this.running.delete(running)) await running.close();
  }

  rows<T>(statement: string, parameters: unknown[] = []): Promise<T[]> {
    return this.observer.database.query(statement, parameters);
  }
}
