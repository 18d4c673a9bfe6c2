import { type AddressRule } from './address-rule.js';
import { literalAddress } from './guarded-connector.js';

/** Ports of services that may take a request for one of their own: the list of the Fetch standard. */
const badPorts: ReadonlySet<number> = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109],
  ...[110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530],
  ...[531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190],
  ...[5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** What is allowed of addresses that somebody else gave. */
export interface OutgoingRules {
  /** How an operator allows `http:`; undefined where it is allowed. */
  httpAdvice: string | undefined;
  addresses: AddressRule;
}

/**
 * What is wrong with a URL that requests are to go to; undefined when nothing can be said against it without looking up
 * its name. Quotes nothing of it but an IP address that is its host: the rest may hold a secret.
 */
export function urlFault(text: string, { httpAdvice, addresses }: OutgoingRules): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'must be an address such as https://example.com/hook';
  if (url.protocol === 'http:' && httpAdvice !== undefined) return `must begin with https:// (${httpAdvice})`;
  if (!['http:', 'https:'].includes(url.protocol)) return 'must begin with https://';
  if (url.username || url.password) return 'must not hold a user or a password';
  if (url.hash) return 'must not have a fragment';
  if (url.port !== '' && badPorts.has(Number(url.port))) return `must not have the port ${url.port}`;
  const address = literalAddress(url.hostname);
  if (address !== undefined && !addresses.allows(address))
    return `must not lead to ${address}, which is not an address of the public internet (${addresses.advice})`;
  return undefined;
}
