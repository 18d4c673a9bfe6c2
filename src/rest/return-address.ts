import { Fault } from '../domain/fault.js';

/**
 * Where a browser may be sent after a login: an address at this service, which is at `publicUrl`, or at one of `origins`. A
 * path alone is one of this service. Without the fragment.
 * @throws Fault `request.invalid` for every other place
 */
export function returnAddress(asked: string, publicUrl: string, origins: readonly string[]): string {
  // Browsers drop control characters out of addresses and take backslashes for slashes: what is checked must be what they read.
  const plain = /^[\x21-\x5b\x5d-\x7e]{1,2048}$/.test(asked);
  if (plain && URL.canParse(asked, `${publicUrl}/`)) {
    const { origin, pathname, search, username, password } = new URL(asked, `${publicUrl}/`);
    const own = new URL(publicUrl).origin;
    if ((origin === own || origins.includes(origin)) && username === '' && password === '') {
      return `${origin}${pathname}${search}`;
    }
  }
  throw new Fault(
    'request.invalid',
    'return: must be a path of this service, or an address at an origin in CORS_ORIGINS.',
  );
}
