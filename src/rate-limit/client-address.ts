import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddress from 'proxy-addr';
import { type Trust } from './trust-proxy.js';

/** Finds a client's address behind trusted proxies, alike for requests and for sockets. */
export class ClientAddress {
  constructor(readonly trust: Trust) {}

  /** `peer` is the other end of the connection. Follows `X-Forwarded-For` from its end for as long as the hops are trusted. */
  of(peer: string | undefined, headers: IncomingHttpHeaders): string {
    const direct = plainAddress(peer ?? '');
    const seen = { headers, socket: { remoteAddress: direct } };
    return plainAddress(proxyAddress(seen as IncomingMessage, this.trust)) || direct;
  }
}

/**
 * The name under which an address is counted: an IPv4 address itself, for IPv6 its /64, since one household or one
 * rented server has all of it. Anything that is no address counts together.
 */
export function addressGroup(address: string): string {
  const plain = plainAddress(address);
  const family = isIP(plain);
  if (family === 4) return plain;
  return family === 6 ? `${networkOf(plain)}::/64` : 'unknown';
}

/** Without a zone, without the port that some proxies add, and without the IPv6 dress of IPv4 that dual-stack sockets show. */
function plainAddress(address: string): string {
  const bare = address
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.*$/, '');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}

/** The first four groups, written without leading zeros. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  // An embedded IPv4 address takes the place of two groups.
  const after = (tail ?? '')
    .split(':')
    .flatMap((group) => (group === '' ? [] : group.includes('.') ? ['0', '0'] : [group]));
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
