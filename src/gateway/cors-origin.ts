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
