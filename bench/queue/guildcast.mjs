// Our queue as a library: what publishers and consumers reach over HTTP, without the HTTP.
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { DatabaseModule } from '../../dist/database/database.module.js';
import { DiscordSender } from '../../dist/discord/discord-sender.js';
import { WebhookSender } from '../../dist/discord/webhook-sender.js';
import { EventLogModule } from '../../dist/event-log/event-log.module.js';
import { NotificationQueue } from '../../dist/queue/notification-queue.js';
import { PullAcks } from '../../dist/queue/pull-acks.js';
import { PullQueue } from '../../dist/queue/pull-queue.js';
import { queueConfig } from '../../dist/queue/queue.config.js';
import { QueueModule } from '../../dist/queue/queue.module.js';
import { payload } from './payload.mjs';

class NoDiscord {}

/** @param url of an empty database */
export async function openGuildcast(url) {
  const nobody = [DiscordSender, WebhookSender].map((provide) => ({ provide, useValue: {} }));
  const module = await Test.createTestingModule({
    imports: [
      DatabaseModule.forRoot({ url, DATABASE_POOL_SIZE: 10 }),
      EventLogModule.forRoot({ HISTORY_SIZE: 1_000, HISTORY_SECONDS: 600, PRESENCE_WINDOW_MS: 0 }),
      QueueModule.forRoot({
        config: queueConfig.parse({ QUEUE_DELIVERY: 'pull' }),
        imports: [{ module: NoDiscord, providers: nobody, exports: nobody.map(({ provide }) => provide) }],
      }),
    ],
  }).compile();
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
