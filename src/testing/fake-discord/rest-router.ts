import { ApiError, invalidForm } from './api-error.js';
import { type World } from './world.js';

export interface RestCall {
  world: World;
  /** The `:names` of the route's path, each a snowflake, and its `*names`, each any text. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** Undefined when there was none. */
  body: unknown;
  /** The token of a person who logged in somewhere. */
  bearer: string | undefined;
}

export interface RestAnswer {
  status: number;
  body?: unknown;
}

export interface Route {
  method: string;
  /** Such as `/channels/:channel/messages`. */
  path: string;
  /** Whether it answers without a token. */
  open?: boolean;
  /** Whether it answers people's tokens too. */
  bearer?: boolean;
  /** Whether it takes forms instead of JSON. */
  form?: boolean;
  handle(call: RestCall): RestAnswer;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Finds the route of a request; throws as Discord answers when there is none. */
export class RestRouter {
  private readonly compiled: { route: Route; segments: string[] }[];

  constructor(routes: readonly Route[]) {
    this.compiled = routes.map((route) => ({ route, segments: route.path.split('/') }));
  }

  match(method: string, path: string): Match {
    const parts = path.replaceAll('%40', '@').split('/');
    const fitting = this.compiled.filter(
      ({ segments }) =>
        segments.length === parts.length && segments.every((name, n) => /^[:*]/.test(name) || name === parts[n]),
    );
    if (fitting.length === 0) throw new ApiError(404, 0, '404: Not Found');
    // A literal, such as @me, wins over a name.
    fitting.sort((a, b) => names(a.segments) - names(b.segments));
    const found = fitting.find(({ route }) => route.method === method);
    if (!found) throw new ApiError(405, 0, '405: Method Not Allowed');
    const params: Record<string, string> = {};
    for (const [n, name] of found.segments.entries()) {
      if (!/^[:*]/.test(name)) continue;
      const value = parts[n]!;
      if (name.startsWith(':') && !/^\d{1,20}$/.test(value)) {
        const message = `Value "${value}" is not snowflake.`;
        throw invalidForm([{ path: `${name.slice(1)}_id`, code: 'NUMBER_TYPE_COERCE', message }]);
      }
      params[name.slice(1)] = value;
    }
    return { route: found.route, params };
  }
}

function names(segments: readonly string[]): number {
  return segments.filter((segment) => /^[:*]/.test(segment)).length;
}
