import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Fault } from '../../domain/fault.js';
import { DeliveryRegistry } from '../delivery/delivery-registry.js';
import { reachDatabase } from '../reach-database.js';
import { routeName, type RouteRequest } from './route-request.js';
import { type Route, RouteRepository, type RouteTerms } from './route.repository.js';

const mostRoutes = 1_000;

/** Names that operators give to where and how notifications go. All methods: Fault `service.unavailable`. */
@Injectable()
export class NotificationRoutes {
  constructor(
    private readonly repository: RouteRepository,
    private readonly registry: DeliveryRegistry,
  ) {}

  all(): Promise<Route[]> {
    return reachDatabase(this.repository.all());
  }

  /** Fault `resource.not_found`. */
  async get(name: string): Promise<Route> {
    return this.found(isName(name) ? await reachDatabase(this.repository.find(name)) : undefined);
  }

  /**
   * Creates a route, or replaces it; notifications that are stored keep where they go.
   * Faults: `request.invalid` (a target that leads nowhere), `request.conflict` (as many routes as there may be).
   */
  async save(name: string, request: RouteRequest): Promise<{ route: Route; created: boolean }> {
    const { target, secret } = this.registry.place(request.target);
    const fallback = request.fallback && placedAt('fallback', () => this.registry.place(request.fallback!));
    const saved = await reachDatabase(
      this.repository.save(
        {
          name,
          description: request.description,
          target,
          secret: secret ?? null,
          fallback: fallback?.target ?? null,
          fallbackSecret: fallback?.secret ?? null,
          guildId: request.guildId ?? null,
          delivery: request.delivery ?? null,
          priority: request.priority ?? null,
          locale: request.locale ?? null,
        },
        mostRoutes,
      ),
    );
    if (!saved) throw new Fault('request.conflict', `There are ${mostRoutes} routes already.`);
    return saved;
  }

  /** Faults `resource.not_found`, `request.conflict` (paused, and notifications wait for it). */
  async remove(name: string): Promise<void> {
    const outcome = isName(name) ? await reachDatabase(this.repository.remove(name)) : 'missing';
    if (outcome === 'missing') throw noSuchRoute();
    if (outcome === 'awaited') {
      throw new Fault('request.conflict', 'Notifications wait for this route. Resume it first, or delete them.');
    }
  }

  /** Nothing goes out by it until it is resumed; publishing goes on. Fault `resource.not_found`. */
  async pause(name: string): Promise<Route> {
    return this.found(isName(name) ? await reachDatabase(this.repository.pause(name)) : undefined);
  }

  /** Fault `resource.not_found`. */
  async resume(name: string): Promise<Route> {
    return this.found(isName(name) ? await reachDatabase(this.repository.resume(name)) : undefined);
  }

  /** The secret with which the senders of a kind of hook sign; null forgets it. Fault `resource.not_found`. */
  async keepHookSecret(name: string, kind: string, secret: string | null): Promise<void> {
    const kept = isName(name) && (await reachDatabase(this.repository.keepHookSecret(name, kind, secret)));
    if (!kept) throw noSuchRoute();
  }

  /** Undefined also for a route that is not there. */
  async hookSecret(name: string, kind: string): Promise<string | undefined> {
    return isName(name) ? reachDatabase(this.repository.hookSecret(name, kind)) : undefined;
  }

  /** What notifications take over from routes, by name. Those that are not there are missing. */
  async terms(names: Iterable<string>, manager?: EntityManager): Promise<ReadonlyMap<string, RouteTerms>> {
    const wanted = [...new Set(names)].filter(isName);
    if (wanted.length === 0) return new Map();
    const rows = await reachDatabase(this.repository.terms(wanted, manager));
    return new Map(rows.map((row) => [row.name, row]));
  }

  private found(route: Route | undefined): Route {
    if (!route) throw noSuchRoute();
    return route;
  }
}

/** Any other text could not be stored, and Postgres would refuse some of them. */
function isName(name: string): boolean {
  return routeName.safeParse(name).success;
}

function noSuchRoute(): Fault {
  return new Fault('resource.not_found', 'There is no such route.');
}

/** Channels speak of the target; this is another field. */
function placedAt<T>(field: string, place: () => T): T {
  try {
    return place();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const rename = (text: string): string => text.replace(/^target\b/, field);
    const errors = error.details.errors?.map(({ path, message }) => ({ path: rename(path), message }));
    throw new Fault(error.code, rename(error.message), { ...error.details, ...(errors && { errors }) });
  }
}
