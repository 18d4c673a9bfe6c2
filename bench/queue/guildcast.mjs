// Our queue as a library: what publishers and consumers reach over HTTP, without the HTTP.
import { setTimeout } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { DatabaseModule } from '../../dist/database/database.module.js';
import { DiscordSender } from '../../dist/discord/discord-sender.js';
import { MessageLookup } from '../../dist/discord/message-lookup.js';
import { WebhookSender } from '../../dist/discord/webhook-sender.js';
import { EventLogModule } from '../../dist/event-log/event-log.module.js';
import { NotificationQueue } from '../../dist/queue/notification-queue.js';
import { PullAcks } from '../../dist/queue/pull-acks.js';
import { PullQueue } from '../../dist/queue/pull-queue.js';
import { queueConfig } from '../../dist/queue/queue.config.js';
import { QueueModule } from '../../dist/queue/queue.module.js';
import { payload } from './payload.mjs';

class NoDiscord {}

function compile(url, { sender = {}, delivery = 'pull' } = {}) {
  const others = [DiscordSender, WebhookSender, MessageLookup];
  const discord = others.map((provide) => ({ provide, useValue: provide === DiscordSender ? sender : {} }));
  return Test.createTestingModule({
    imports: [
      DatabaseModule.forRoot({ url, DATABASE_POOL_SIZE: 10 }),
      EventLogModule.forRoot({ HISTORY_SIZE: 1_000, HISTORY_SECONDS: 600, PRESENCE_WINDOW_MS: 0 }),
      QueueModule.forRoot({
        config: queueConfig.parse({ QUEUE_DELIVERY: delivery }),
        imports: [{ module: NoDiscord, providers: discord, exports: others }],
      }),
    ],
  }).compile();
}

/** Milliseconds from the acceptance of a notification to the call of Discord, of `count` in an idle queue. */
export async function measureLatency(url, count) {
  let called;
  const sender = {
    sendToUser: () => {
      called(performance.now());
      return Promise.resolve({ kind: 'sent', messageId: '1' });
    },
  };
  const module = await compile(url, { sender, delivery: 'push' });
  module.useLogger(false);
  await module.init();
  const queue = module.get(NotificationQueue);
  const latencies = [];
  try {
    for (let turn = 0; turn < count + 10; turn += 1) {
      const calling = new Promise((resolve) => (called = resolve));
      const target = { userId: String(100_000_000 + turn) };
      await queue.publish({ target, type: 'backup_error', payload, publisher: 'bench' });
      const accepted = performance.now();
      const latency = Math.max(0, (await calling) - accepted);
      // The first ones find a cold process.
      if (turn >= 10) latencies.push(latency);
      // Until it is settled, and everybody sleeps again.
      await setTimeout(50);
    }
  } finally {
    await module.close();
  }
  return latencies.sort((a, b) => a - b);
}

/** @param url of an empty database */
export async function openGuildcast(url) {
  const module = await compile(url);
  module.useLogger(false);
  const queue = module.get(NotificationQueue);
  const pull = module.get(PullQueue);
  const acks = module.get(PullAcks);
  const database = module.get(DataSource);
  const here = new globalThis.AbortController().signal;
  const request = (index) => ({
    target: { userId: String(100_000_000 + (index % 1_000)) },
    type: 'backup_error',
    payload,
    publisher: 'bench',
  });
  return {
    name: 'Guildcast',
    enqueue: async (from, count) => {
      if (count === 1) await queue.publish(request(from));
      else await queue.publishAll(Array.from({ length: count }, (_, index) => request(from + index)));
    },
    /** Answers how many there were. */
    claimAndAck: async (count) => {
      const { rows } = await pull.claim({ limit: count, leaseSeconds: 60 }, here);
      if (rows.length > 0) await acks.acknowledge(rows);
      return rows.length;
    },
    poll: () => pull.claim({ limit: 50, leaseSeconds: 60 }, here),
    fillWithFinished: (count) =>
      database.query(
        `insert into notifications (target, type, payload, nonce, publisher, delivery, state, attempts, delivered_at)
         select '{"userId":"100000000"}', 'backup_error', $1::jsonb, 'n' || n, 'bench', 'pull', 'delivered', 1, now()
         from generate_series(1, $2::int) n`,
        [JSON.stringify(payload), count],
      ),
    tidy: () => database.query('vacuum analyze notifications'),
    close: () => module.close(),
  };
}
