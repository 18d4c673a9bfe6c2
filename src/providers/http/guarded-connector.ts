import { type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.js';

/** Resolves a name to all its addresses, as `dns.lookup` does with `all`. */
export type Resolve = (
  hostname: string,
  options: { all: true; family?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export class PrivateAddressError extends Error {
  constructor(host: string) {
    super(`${host} is not an address of the public internet (HTTP_SOURCE_ALLOW_PRIVATE=true allows it)`);
    this.name = 'PrivateAddressError';
  }
}

/**
 * A lookup for sockets that knows public addresses alone. The socket connects to what was checked: the name is not
 * resolved once more, so that a second answer of its server could point elsewhere.
 */
export function publicLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    const family =
      options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0;
    resolve(hostname, { all: true, family }, (error, addresses) => {
      if (error) return callback(error, '');
      const usable = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = usable;
      if (!first) return callback(new PrivateAddressError(hostname), '');
      if (options.all) return callback(null, usable);
      callback(null, first.address, first.family);
    });
  };
}

/** Opens connections to the public internet, and to private networks only where `allowPrivate` says so. */
export function guardedConnector(options: {
  allowPrivate: boolean;
  resolve: Resolve;
  timeoutMs: number;
}): buildConnector.connector {
  const { allowPrivate, resolve, timeoutMs: timeout } = options;
  if (allowPrivate) return buildConnector({ timeout });
  const connect = buildConnector({ timeout, lookup: publicLookup(resolve) });
  return (target, callback) => {
    // Node looks up names alone: an address goes straight to the socket.
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) !== 0 && !isPublicAddress(host)) callback(new PrivateAddressError(host), null);
    else connect(target, callback);
  };
}
