import { Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { type EntityManager } from 'typeorm';
import {
  type NotificationState,
  type NotificationTarget,
  priorities,
  type Priority,
  targetKindOf,
} from '../domain/notification.js';
import { boundedJson, canonicalHash, storableJson } from './canonical-json.js';
import { type DeliveryMode } from './delivery-mode.js';
import { newNonce } from './nonce.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { type AttemptOutcome, type Hold, type NotificationEntity } from './notification.entity.js';
import {
  type NewNotification,
  NotificationRepository,
  type SupersededNotification,
} from './notification.repository.js';
import { type PublishRequest } from './publish-request.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { reachDatabase } from './reach-database.js';
import { NotificationRoutes } from './routes/notification-routes.js';
import { type RouteTerms } from './routes/route.repository.js';

/** Kinds of target that say all that a consumer has to know. */
const consumable: ReadonlySet<string> = new Set(['user', 'channel']);

interface PublishInput extends PublishRequest {
  /** Who publishes; idempotency keys and groups are the publisher's own. */
  publisher: string;
  idempotencyKey?: string;
  /** False: the collapse key has no board, so that each one that is delivered is a message of its own. */
  boarded?: boolean;
  /** What two requests of one idempotency key must have in common, where that is not the request itself. */
  alike?: unknown;
}

export interface Published {
  id: string;
  /** False when the same key had published it before. */
  created: boolean;
  state: NotificationState;
}

type Flood = Pick<NewNotification, 'floodLimit' | 'floodSeconds'>;

interface Stored {
  published: Published[];
  /** Ids of new rows by their nonces. */
  created: ReadonlyMap<string, string>;
  superseded: readonly SupersededNotification[];
}

/** A notification as its publisher may see it. Times are ISO 8601. */
export interface NotificationView {
  id: string;
  type: string;
  route: string | null;
  target: NotificationTarget;
  guildId: string | null;
  state: NotificationState;
  priority: Priority;
  groupKey: string | null;
  collapseKey: string | null;
  /** Why it is not offered though it is pending: an earlier one of its group, or what `Hold` says. */
  heldBy: Hold | 'group' | null;
  /** Where it goes if the target refuses it; null once it has turned there. */
  fallback: NotificationTarget | null;
  expiresAt: string | null;
  /** The id of the one that took its place. */
  supersededBy: string | null;
  attempts: { attempt: number; at: string; outcome: AttemptOutcome; reason?: string }[];
  createdAt: string;
  /** Only while it waits. */
  nextAttemptAt: string | null;
  deliveredAt: string | null;
  /** When Discord told of the message by itself; null for what it does not tell the bot of, such as edits. */
  confirmedAt: string | null;
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
    private readonly routes: NotificationRoutes,
  ) {}

  /**
   * The same idempotency key with the same body answers the first notification, also when both come at once.
   * Faults: `request.too_large`, `request.invalid` (nested too deep, a target that leads nowhere, a route that is not there), `idempotency.mismatch` (the key had another body),
   * `service.unavailable` (the database is away; whether it was stored is then not known).
   */
  async publish(input: PublishInput): Promise<Published> {
    const [published] = await this.publishAll([input]);
    return published!;
  }

  /** Up to 100, in their order: all of them are stored, or none. Faults as above, with the place of the culprit. */
  async publishAll(inputs: readonly PublishInput[]): Promise<Published[]> {
    const rows = await this.rowsOf(inputs, inputs.length > 1);
    // A batch whose keys may turn out to be used must be undone as a whole; a single statement undoes itself.
    const together = rows.length > 1 && rows.some(({ idempotency }) => idempotency !== undefined);
    const storing = together ? this.repository.transaction((manager) => this.store(rows, manager)) : this.store(rows);
    this.announce(rows, storing);
    return (await reachDatabase(storing)).published;
  }

  /**
   * Publishes within a transaction together with whatever else the caller writes by `manager`: if that is rolled back,
   * nothing was published.
   */
  async publishWith<T>(
    inputs: readonly PublishInput[],
    work: (manager: EntityManager, published: readonly Published[]) => Promise<T>,
  ): Promise<T> {
    const rows = await this.rowsOf(inputs, true);
    const storing = this.repository.transaction(async (manager) => {
      const stored = await this.store(rows, manager);
      return { ...stored, answer: await work(manager, stored.published) };
    });
    this.announce(rows, storing);
    return (await storing).answer;
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

  /** What it counts towards: as its route has it, and else the instance. */
  private floodOf({
    floodLimit = this.config.QUEUE_FLOOD_LIMIT,
    floodSeconds = this.config.QUEUE_FLOOD_WINDOW_SECONDS,
  }: Flood): Flood {
    return floodLimit === 0 ? { floodLimit: undefined, floodSeconds: undefined } : { floodLimit, floodSeconds };
  }

  /** One after the other, so that it is the first culprit who is named. */
  private async rowsOf(inputs: readonly PublishInput[], numbered: boolean): Promise<NewNotification[]> {
    const terms = await this.routes.terms(inputs.flatMap(({ route }) => route ?? []));
    const rows: NewNotification[] = [];
    for (const input of inputs) rows.push(await this.rowOf(input, numbered ? rows.length : undefined, terms));
    return rows;
  }

  private async rowOf(
    input: PublishInput,
    place: number | undefined,
    terms: ReadonlyMap<string, RouteTerms>,
  ): Promise<NewNotification> {
    try {
      const { publisher, idempotencyKey, alike, boarded, target: wanted, ...request } = input;
      const { target, secret, ...placed } = await this.routes.place(input, terms);
      const payload = this.bounded('payload', request.payload ?? {});
      const message = request.message && this.bounded('message', request.message);
      // The route by its name: it may lead elsewhere when the same request comes again.
      const same = () => ({ ...request, payload: request.payload ?? {}, ...(wanted && { target, secret }) });
      const hash = () => canonicalHash(alike ?? same());
      return {
        target,
        secret,
        type: request.type ?? 'message',
        payload,
        message,
        publisher,
        nonce: newNonce(),
        idempotency: idempotencyKey === undefined ? undefined : { key: idempotencyKey, hash: hash() },
        ...placed,
        delivery: this.modeOf(target, placed.delivery),
        priority: placed.priority ?? 'normal',
        notBefore: request.notBefore,
        expiresAt: request.expiresAt,
        groupKey: request.groupKey,
        collapseKey: request.collapseKey,
        boarded,
        mentions: request.mentions,
        ...this.floodOf(placed),
      };
    } catch (error) {
      throw place === undefined ? error : atPlace(error, place);
    }
  }

  private bounded(what: string, value: unknown): string {
    const json = storableJson(boundedJson(value));
    const limit = this.config.QUEUE_MAX_PAYLOAD_BYTES;
    if (Buffer.byteLength(json) <= limit) return json;
    throw new Fault('request.too_large', `The ${what} is larger than ${limit} bytes of JSON.`);
  }

  private async store(rows: readonly NewNotification[], manager?: EntityManager): Promise<Stored> {
    const created = await this.repository.insert(rows, manager);
    const published = new Map<NewNotification, Published>();
    let missing = rows.filter((row) => !created.has(row.nonce));
    while (missing.length > 0) {
      for (const row of missing) {
        const earlier = await this.earlierOf(row, manager);
        if (earlier) published.set(row, earlier);
      }
      // Deleted between the two statements, its time being over: the key is free again.
      const freed = missing.filter((row) => !published.has(row));
      if (freed.length === 0) break;
      for (const [nonce, id] of await this.repository.insert(freed, manager)) created.set(nonce, id);
      missing = freed.filter((row) => !created.has(row.nonce));
    }
    const ids = rows.flatMap((row) => (row.collapseKey === undefined ? [] : (created.get(row.nonce) ?? [])));
    const superseded = ids.length > 0 ? await this.repository.supersededBy(ids, manager) : [];
    return {
      published: rows.map(
        (row) => published.get(row) ?? { id: created.get(row.nonce)!, created: true, state: 'pending' },
      ),
      created,
      superseded,
    };
  }

  private async earlierOf(row: NewNotification, manager?: EntityManager): Promise<Published | undefined> {
    const earlier = await this.repository.findByKey(row.publisher, row.idempotency?.key ?? '', manager);
    if (!earlier) return undefined;
    if (earlier.idempotencyHash === row.idempotency?.hash)
      return { id: earlier.id, created: false, state: earlier.state };
    throw new Fault('idempotency.mismatch', 'This idempotency key has already been used for another notification.');
  }

  /** Each room hears of what was stored, and before it hears what became of it. */
  private announce(rows: readonly NewNotification[], storing: Promise<Stored>): void {
    for (const { guildId, nonce, target, type } of rows) {
      if (guildId === undefined) continue;
      const accepted = storing.then(({ created }) => {
        const id = created.get(nonce);
        return id === undefined ? undefined : { id, type, target: targetKindOf(target), attempts: 0 };
      });
      this.announcer.accepting(guildId, nonce, accepted);
    }
    storing.then(
      ({ superseded }) => this.announcer.tellSuperseded(superseded),
      () => undefined,
    );
  }
}

/** Says which of a batch was at fault. */
function atPlace(error: unknown, place: number): unknown {
  if (!(error instanceof Fault)) return error;
  const errors = error.details.errors?.map(({ path, message }) => ({ path: `${place}.${path}`, message }));
  return new Fault(error.code, `notification ${place}: ${error.message}`, { ...error.details, errors });
}

function viewOf(row: NotificationEntity): NotificationView {
  return {
    id: row.id,
    type: row.type,
    route: row.route,
    target: row.target,
    guildId: row.guildId,
    state: row.state,
    priority: priorities[row.priority] ?? 'normal',
    groupKey: row.groupKey,
    collapseKey: row.collapseKey,
    heldBy: row.state === 'pending' ? (row.held ?? (row.behind ? 'group' : null)) : null,
    fallback: row.fallback,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    supersededBy: row.supersededBy,
    attempts: row.tries.map(({ attempt, at, outcome, reason }) => ({
      attempt,
      at: at.toISOString(),
      outcome,
      ...(reason === null ? {} : { reason }),
    })),
    createdAt: row.createdAt.toISOString(),
    nextAttemptAt: row.state === 'pending' ? row.notBefore.toISOString() : null,
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
    reason: row.reason,
  };
}
