import { type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AddressRule } from './address-rule.js';

/** Resolves a name to all its addresses, as `dns.lookup` does with `all`. */
export type Resolve = (
  hostname: string,
  options: { all: true; family?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export class PrivateAddressError extends Error {
  constructor(host: string, { advice }: AddressRule) {
    super(`${host} is not an address of the public internet (${advice})`);
    this.name = 'PrivateAddressError';
  }
}

/**
 * A lookup for sockets that knows allowed addresses alone. The socket connects to what was checked: the name is not
 * resolved once more, so that a second answer of its server could point elsewhere.
 */
export function guardedLookup(resolve: Resolve, rule: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    const family =
      options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0;
    resolve(hostname, { all: true, family }, (error, addresses) => {
      if (error) return callback(error, '');
      const usable = addresses.filter(({ address }) => rule.allows(address));
      const [first] = usable;
      if (!first) return callback(new PrivateAddressError(hostname, rule), '');
      if (options.all) return callback(null, usable);
      callback(null, first.address, first.family);
    });
  };
}

/** The IP address that a URL names as its host; undefined for a name. */
export function literalAddress(hostname: string): string | undefined {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}

/** Opens connections to what `rule` allows; to anything without one. */
export function guardedConnector(options: {
  rule: AddressRule | undefined;
  resolve: Resolve;
  timeoutMs: number;
}): buildConnector.connector {
  const { rule, resolve, timeoutMs: timeout } = options;
  if (rule === undefined) return buildConnector({ timeout });
  const connect = buildConnector({ timeout, lookup: guardedLookup(resolve, rule) });
  return (target, callback) => {
    // Node looks up names alone: an address goes straight to the socket.
    const address = literalAddress(target.hostname);
    if (address !== undefined && !rule.allows(address)) callback(new PrivateAddressError(address, rule), null);
    else connect(target, callback);
  };
}
