import { BlockList, isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';

/** Which addresses may be connected to. */
export interface AddressRule {
  /** Of an IP address as text; anything else is not allowed. */
  allows(address: string): boolean;
  /** How an operator allows what is not. */
  advice: string;
}

/** Those of the public internet, and those of `networks`. */
export function publicAddresses(advice: string, networks?: BlockList): AddressRule {
  const listed = (address: string): boolean => {
    const version = isIP(address);
    return version !== 0 && networks?.check(address, version === 4 ? 'ipv4' : 'ipv6') === true;
  };
  return { advice, allows: (address) => isPublicAddress(address) || listed(address) };
}

/** Networks as `10.1.0.0/16, fd00::/8, 192.0.2.7`; undefined when one of them is none. */
export function readNetworks(text: string): BlockList | undefined {
  const list = new BlockList();
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') continue;
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(part) ?? [];
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    // What has a zone belongs to one link, which is not said by a network.
    if (version === 0 || address.includes('%') || Number(prefix ?? longest) > longest) return undefined;
    list.addSubnet(address, Number(prefix ?? longest), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
