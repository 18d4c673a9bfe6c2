import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import { endpointId } from '../../domain/notification.js';
import { urlFault } from '../../outgoing/outgoing-url.js';
import { reachDatabase } from '../reach-database.js';
import { outgoingRules } from './outgoing-rules.js';
import { type WebhookEndpointEntity } from './webhook-endpoint.entity.js';
import {
  type CallableEndpoint,
  type EndpointChange,
  mostEndpoints,
  mostSecrets,
  WebhookEndpointRepository,
} from './webhook-endpoint.repository.js';
import { fingerprintOf, newWebhookSecret } from './webhook-secret.js';
import { WEBHOOK_CONFIG, type WebhookConfig } from './webhook.config.js';

/** With the one secret that was made for it just now: nobody is told it again. */
export interface EndpointWithSecret {
  endpoint: WebhookEndpointEntity;
  secret: string;
}

/** The operators' side of endpoints. Faults: `resource.not_found`, `service.unavailable`, and as said. */
@Injectable()
export class WebhookEndpoints {
  private readonly logger = new Logger(WebhookEndpoints.name);

  constructor(
    @Inject(WEBHOOK_CONFIG) private readonly config: WebhookConfig,
    private readonly repository: WebhookEndpointRepository,
  ) {}

  /** Faults `request.invalid` (its address), `request.conflict` (there are as many as there may be). */
  async create(url: string, description: string): Promise<EndpointWithSecret> {
    this.look(url);
    const id = `we_${randomBytes(16).toString('base64url')}`;
    const secret = newWebhookSecret();
    const fresh = { secret, fingerprint: fingerprintOf(secret) };
    if (!(await reachDatabase(this.repository.insert(id, url, description, fresh))))
      throw new Fault('request.conflict', `There are ${mostEndpoints} endpoints, which is as many as there may be.`);
    return { endpoint: await this.get(id), secret };
  }

  list(): Promise<WebhookEndpointEntity[]> {
    return reachDatabase(this.repository.all());
  }

  async get(id: string): Promise<WebhookEndpointEntity> {
    const found = await reachDatabase(this.repository.find(storable(id)));
    if (!found) throw notFound();
    return found;
  }

  /** Fault `request.invalid` for a wrong address. */
  async change(id: string, change: EndpointChange): Promise<WebhookEndpointEntity> {
    if (change.url !== undefined) this.look(change.url);
    if (!(await reachDatabase(this.repository.change(storable(id), change)))) throw notFound();
    return this.get(id);
  }

  /**
   * Makes a new secret. Requests are signed with the former ones too for `overlapSeconds`.
   * Fault `request.conflict` when too many are good at once.
   */
  async rotate(id: string, overlapSeconds: number): Promise<EndpointWithSecret> {
    const secret = newWebhookSecret();
    const fresh = { secret, fingerprint: fingerprintOf(secret) };
    const outcome = await reachDatabase(this.repository.rotate(storable(id), fresh, overlapSeconds));
    if (outcome === 'unknown') throw notFound();
    if (outcome === 'too many') {
      const message = `This endpoint has ${mostSecrets} secrets that are good, which is as many as there may be.`;
      throw new Fault('request.conflict', `${message} With "overlapSeconds": 0 the former ones end at once.`);
    }
    return { endpoint: await this.get(id), secret };
  }

  async remove(id: string): Promise<void> {
    if (!(await reachDatabase(this.repository.remove(storable(id))))) throw notFound();
  }

  exists(id: string): Promise<boolean> {
    return reachDatabase(this.repository.exists(id));
  }

  /** What one try has to know; undefined when there is no such endpoint. */
  callable(id: string): Promise<CallableEndpoint | undefined> {
    return reachDatabase(this.repository.callable(id));
  }

  /** Sends it nothing more, for as long as it has that address. A failure is logged: the next answer tells again. */
  async switchOff(id: string, url: string, reason: string): Promise<void> {
    try {
      const changed = await this.repository.switchOff(id, url, reason);
      if (changed) this.logger.warn(`Endpoint ${id} is switched off: ${reason}`);
    } catch (error) {
      this.logger.warn(`Endpoint ${id} could not be switched off: ${String(error)}`);
    }
  }

  private look(url: string): void {
    const message = urlFault(url, outgoingRules(this.config));
    if (message === undefined) return;
    throw new Fault('request.invalid', `url: ${message}`, { errors: [{ path: 'url', message }] });
  }
}

/** Whatever else was asked for cannot be an id, and may be nothing that Postgres takes. */
function storable(id: string): string {
  if (!endpointId.safeParse(id).success) throw notFound();
  return id;
}

function notFound(): Fault {
  return new Fault('resource.not_found', 'There is no such endpoint.');
}
