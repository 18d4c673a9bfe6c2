import { type IncomingHttpHeaders } from 'node:http';

/** `CORS_ORIGINS` in the form that CORS libraries take. */
export function corsOrigin(setting: string): string | string[] {
  const origins = setting
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  return origins.includes('*') ? '*' : origins;
}

/**
 * Whether a page may open a socket here. Browsers name the page's origin and nothing holds them back but our answer:
 * CORS does not cover WebSocket. The service's own pages always may, and programs, which name no origin.
 */
export function mayOpenSocket(setting: string, { origin, host }: IncomingHttpHeaders): boolean {
  const allowed = corsOrigin(setting);
  if (origin === undefined || allowed === '*' || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The origins that are named one by one; none where `*` lets every page read. */
export function namedOrigins(setting: string): string[] {
  const origins = corsOrigin(setting);
  return typeof origins === 'string' ? [] : origins;
}

/**
 * Whether what a browser sends along by itself counts. Only for pages of our own, which are at `publicUrl`, for those of
 * origins that the operator names, and for requests that no page makes (an address that is opened, a program): with
 * `CORS_ORIGINS=*` any page may ask, and no login is lent to it.
 */
export function mayUseCookies(setting: string, publicUrl: string, headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  if (origin !== undefined) {
    if (namedOrigins(setting).includes(origin) || origin === new URL(publicUrl).origin) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }
  // A picture or a script of another site: its request has no origin, and browsers that tell say so here.
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none' || headers['sec-fetch-mode'] === 'navigate';
}
