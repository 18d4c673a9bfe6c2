import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { NotificationQueue, type Published } from '../notification-queue.js';
import { QUEUE_CONFIG, type QueueConfig } from '../queue.config.js';
import { NotificationRoutes } from '../routes/notification-routes.js';
import { fittedPayload } from './fitted-payload.js';
import { type Hook, type HookDelivery } from './hook.js';
import { parseHookBody } from './hook-body.js';

/** Takes what senders of hooks tell, and publishes it by a route. */
@Injectable()
export class HookInbox {
  /** In place of secrets that are not there: the work is the same, so that the time does not tell which routes there are. */
  private readonly decoy = randomBytes(32).toString('hex');

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: Pick<QueueConfig, 'QUEUE_MAX_PAYLOAD_BYTES'>,
    private readonly queue: NotificationQueue,
    private readonly routes: NotificationRoutes,
  ) {}

  /** Whether the request is signed with a secret of the route and kind. Fault `service.unavailable`. */
  async isSigned(route: string, { name, signature }: Hook, delivery: HookDelivery): Promise<boolean> {
    const [newer, former] = await this.routes.hookSecrets(route, name);
    const now = new Date();
    // No early end: each is compared, whether it is there or not.
    const matches = [newer, former].map((secret) => {
      const right = signature?.matches(delivery, secret ?? this.decoy, now) === true;
      return secret !== undefined && right;
    });
    return matches.includes(true);
  }

  /**
   * Undefined for what is answered and not told. `publisher` is the one of the key, if there was one.
   * Faults: `resource.not_found` (the route), `request.invalid`, and those of publishing.
   */
  async take(route: string, hook: Hook, delivery: HookDelivery, publisher?: string): Promise<Published | undefined> {
    const { priority } = await this.routes.get(route);
    const { headers, raw } = delivery;
    const told = hook.read(parseHookBody(raw, headers['content-type']), headers);
    if (!told) return undefined;
    return this.queue.publish({
      route,
      type: hook.name,
      payload: fittedPayload(told.payload, this.config.QUEUE_MAX_PAYLOAD_BYTES),
      // What the sender's words suggest is a guess; the operator knows.
      priority: priority ?? told.priority,
      collapseKey: told.about && keyOf(hook.name, route, told.about),
      // What fires again must not hide in the edit of an old message.
      boarded: false,
      publisher: publisher ?? `hook:${route}/${hook.name}`,
      ...(told.delivery !== undefined && {
        idempotencyKey: keyOf(hook.name, route, told.delivery),
        alike: createHash('sha256').update(raw).digest('hex'),
      }),
    });
  }
}

/** Of fixed length and plain characters, whatever the sender's own looks like. */
function keyOf(kind: string, ...parts: unknown[]): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)}`;
}
