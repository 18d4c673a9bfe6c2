import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { type NotificationState, type NotificationTarget, targetKindOf } from '../domain/notification.js';
import { canonicalHash, canonicalJson, storableJson } from './canonical-json.js';
import { type DeliveryMode } from './delivery-mode.js';
import { DeliveryRegistry } from './delivery/delivery-registry.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { type AttemptOutcome, type NotificationEntity } from './notification.entity.js';
import { type NewNotification, NotificationRepository } from './notification.repository.js';
import { type PublishRequest } from './publish-request.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { reachDatabase } from './reach-database.js';

/** Kinds of target that say all that a consumer has to know. */
const consumable: ReadonlySet<string> = new Set(['user', 'channel']);

interface PublishInput extends PublishRequest {
  /** Who publishes; idempotency keys are the publisher's own. */
  publisher: string;
  idempotencyKey?: string;
}

interface Published {
  id: string;
  /** False when the same key had published it before. */
  created: boolean;
  state: NotificationState;
}

/** A notification as its publisher may see it. Times are ISO 8601. */
export interface NotificationView {
  id: string;
  type: string;
  target: NotificationTarget;
  guildId: string | null;
  state: NotificationState;
  attempts: { attempt: number; at: string; outcome: AttemptOutcome; reason?: string }[];
  createdAt: string;
  /** Only while it waits. */
  nextAttemptAt: string | null;
  deliveredAt: string | null;
  /** Why it is dead, or why the last try failed. */
  reason: string | null;
}

/** The publishers' side of the queue. What `publish` has answered is stored and will be delivered or end as dead. */
@Injectable()
export class NotificationQueue {
  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: NotificationRepository,
    private readonly announcer: NotificationAnnouncer,
    private readonly registry: DeliveryRegistry,
  ) {}

  /**
   * The same idempotency key with the same body answers the first notification, also when both come at once.
   * Faults: `request.too_large`, `request.invalid` (nested too deep, a target that leads nowhere), `idempotency.mismatch` (the key had another body),
   * `service.unavailable` (the database is away; whether it was stored is then not known).
   */
  async publish(input: PublishInput): Promise<Published> {
    const { type, guildId, publisher, idempotencyKey, delivery } = input;
    const { target, secret } = this.registry.place(input.target);
    const payload = storableJson(canonicalJson(input.payload));
    if (Buffer.byteLength(payload) > this.config.QUEUE_MAX_PAYLOAD_BYTES) {
      const limit = this.config.QUEUE_MAX_PAYLOAD_BYTES;
      throw new Fault('request.too_large', `The payload is larger than ${limit} bytes of JSON.`);
    }
    const hash = canonicalHash({ target, secret, type, payload: input.payload, guildId, delivery });
    const idempotency = idempotencyKey === undefined ? undefined : { key: idempotencyKey, hash };
    const mode = this.modeOf(target, delivery);
    const notification = { target, secret, type, payload, guildId, publisher, idempotency, delivery: mode };
    for (;;) {
      const id = await this.insert(notification);
      if (id !== undefined) return { id, created: true, state: 'pending' };
      const earlier = await reachDatabase(this.repository.findByKey(publisher, idempotencyKey ?? ''));
      // Deleted between the two statements, its time being over: the key is free again.
      if (!earlier) continue;
      if (earlier.idempotencyHash === hash) return { id: earlier.id, created: false, state: earlier.state };
      throw new Fault('idempotency.mismatch', 'This idempotency key has already been used for another notification.');
    }
  }

  /** Fault `notification.not_found` also for one that `publisher` did not publish; without `publisher`, all are seen. */
  async get(id: string, publisher?: string): Promise<NotificationView> {
    // Eighteen digits always fit the 64-bit column.
    const found = /^\d{1,18}$/.test(id) ? await reachDatabase(this.repository.find(id)) : null;
    if (!found || (publisher !== undefined && found.publisher !== publisher)) {
      throw new Fault('notification.not_found', 'There is no such notification.');
    }
    return viewOf(found);
  }

  /** What a consumer could not deliver, such as into a webhook whose address nobody is told, is pushed in any case. */
  private modeOf(target: NotificationTarget, wanted = this.config.QUEUE_DELIVERY): DeliveryMode {
    return consumable.has(targetKindOf(target)) ? (wanted ?? 'push') : 'push';
  }

  private async insert(notification: Omit<NewNotification, 'nonce'>): Promise<string | undefined> {
    const nonce = randomBytes(16).toString('base64url');
    const insertion = this.repository.insert({ ...notification, nonce });
    if (notification.guildId !== undefined) {
      const { target, type } = notification;
      const accepted = insertion.then((row) => row && { id: row.id, type, target: targetKindOf(target), attempts: 0 });
      this.announcer.accepting(notification.guildId, nonce, accepted);
    }
    return (await reachDatabase(insertion))?.id;
  }
}

function viewOf(row: NotificationEntity): NotificationView {
  return {
    id: row.id,
    type: row.type,
    target: row.target,
    guildId: row.guildId,
    state: row.state,
    attempts: row.tries.map(({ attempt, at, outcome, reason }) => ({
      attempt,
      at: at.toISOString(),
      outcome,
      ...(reason === null ? {} : { reason }),
    })),
    createdAt: row.createdAt.toISOString(),
    nextAttemptAt: row.state === 'pending' ? row.notBefore.toISOString() : null,
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    reason: row.reason,
  };
}
