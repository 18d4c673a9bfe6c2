import { Injectable } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import { DeliveryRegistry } from '../delivery/delivery-registry.js';
import { type PlacedTarget } from '../delivery/delivery-channel.js';
import { type NewNotification } from '../notification.repository.js';
import { type PublishRequest } from '../publish-request.js';
import { reachDatabase } from '../reach-database.js';
import { routeName, type RouteRequest } from './route-request.js';
import { type Route, RouteRepository, type RouteTerms } from './route.repository.js';

const mostRoutes = 1_000;

/** What a notification takes over from its publisher and its route. */
type Placement = Pick<NewNotification, 'route' | 'target' | 'secret' | 'fallback' | 'fallbackSecret' | 'guildId'> &
  Partial<Pick<NewNotification, 'delivery' | 'priority' | 'locale' | 'floodLimit' | 'floodSeconds'>>;

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
    const { target, secret } = await this.registry.place(request.target);
    const fallback = await this.placeFallback(request);
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
          floodLimit: request.floodLimit ?? null,
          floodSeconds: request.floodSeconds ?? null,
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

  /**
   * The secret with which the senders of a kind of hook sign. The one before is good for `overlapSeconds` more.
   * Fault `resource.not_found`.
   */
  async keepHookSecret(name: string, kind: string, secret: string, overlapSeconds: number): Promise<void> {
    const keep = () => reachDatabase(this.repository.keepHookSecret(name, kind, secret, overlapSeconds));
    if (!isName(name) || !(await keep())) throw noSuchRoute();
  }

  /** Also the one before. Fault `resource.not_found`. */
  async forgetHookSecrets(name: string, kind: string): Promise<void> {
    const forgotten = isName(name) && (await reachDatabase(this.repository.forgetHookSecrets(name, kind)));
    if (!forgotten) throw noSuchRoute();
  }

  /** Those that are good, at most two; none also of a route that is not there. */
  async hookSecrets(name: string, kind: string): Promise<string[]> {
    return isName(name) ? reachDatabase(this.repository.hookSecrets(name, kind)) : [];
  }

  /** What notifications take over from routes, by name. Those that are not there are missing. */
  async terms(names: readonly string[]): Promise<ReadonlyMap<string, RouteTerms>> {
    const wanted = [...new Set(names)].filter(isName);
    if (wanted.length === 0) return new Map();
    const rows = await reachDatabase(this.repository.terms(wanted));
    return new Map(rows.map((row) => [row.name, row]));
  }

  /**
   * Where a notification goes, and how: as its publisher says, and what he leaves open as the route does.
   * Fault `request.invalid` (a target that leads nowhere, a route that is not among `terms`).
   */
  async place(request: PublishRequest, terms: ReadonlyMap<string, RouteTerms>): Promise<Placement> {
    const { route: name, target: wanted } = request;
    const route = termsOf(name, terms);
    if (wanted === undefined && !route) throw invalid('target', 'is missing');
    const { target, secret } = wanted === undefined ? route! : await this.registry.place(wanted);
    const fallback = (await this.placeFallback(request)) ?? { target: route?.fallback, secret: route?.fallbackSecret };
    return {
      route: name,
      target,
      secret: secret ?? undefined,
      fallback: fallback.target ?? undefined,
      fallbackSecret: fallback.secret ?? undefined,
      delivery: request.delivery ?? route?.delivery ?? undefined,
      floodLimit: route?.floodLimit ?? undefined,
      floodSeconds: route?.floodSeconds ?? undefined,
      ...lookOf(request, route),
    };
  }

  /** What the look of a notification depends on, likewise. Fault `request.invalid` (a route that is not there). */
  async look(request: Pick<PublishRequest, 'route' | keyof Look>): Promise<Look> {
    const { route: name } = request;
    return lookOf(request, termsOf(name, await this.terms(name === undefined ? [] : [name])));
  }

  private async placeFallback({ fallback }: Pick<PublishRequest, 'fallback'>): Promise<PlacedTarget | undefined> {
    if (fallback === undefined) return undefined;
    try {
      return await this.registry.place(fallback);
    } catch (error) {
      throw error instanceof Fault ? renamed(error, 'target', 'fallback') : error;
    }
  }

  private found(route: Route | undefined): Route {
    if (!route) throw noSuchRoute();
    return route;
  }
}

type Look = Pick<PublishRequest, 'guildId' | 'priority' | 'locale'>;

function lookOf({ guildId, priority, locale }: Look, route: RouteTerms | undefined): Look {
  return {
    guildId: guildId ?? route?.guildId ?? undefined,
    priority: priority ?? route?.priority ?? undefined,
    locale: locale ?? route?.locale ?? undefined,
  };
}

function termsOf(name: string | undefined, terms: ReadonlyMap<string, RouteTerms>): RouteTerms | undefined {
  if (name === undefined) return undefined;
  const found = terms.get(name);
  if (!found) throw invalid('route', 'there is no such route');
  return found;
}

/** Any other text could not be stored, and Postgres would refuse some of them. */
function isName(name: string): boolean {
  return routeName.safeParse(name).success;
}

function noSuchRoute(): Fault {
  return new Fault('resource.not_found', 'There is no such route.');
}

function invalid(path: string, message: string): Fault {
  return new Fault('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
}

/** Channels speak of the target; this is another field. */
function renamed({ code, message, details }: Fault, from: string, to: string): Fault {
  const rename = (text: string): string => (text.startsWith(from) ? to + text.slice(from.length) : text);
  const errors = details.errors?.map((error) => ({ ...error, path: rename(error.path) }));
  return new Fault(code, rename(message), { ...details, errors });
}
