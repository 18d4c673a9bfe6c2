import { BlockList, isIP } from 'node:net';

/** What IPv4 keeps for machines, networks and documents of one's own, and for groups. */
const special4: [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * What is special inside the one part of IPv6 that is public at all: protocols and Teredo, documents, and 6to4, which
 * wraps addresses of IPv4 that were looked at by nobody.
 */
const special6: [network: string, prefix: number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function subnets(family: 'ipv4' | 'ipv6', networks: [network: string, prefix: number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

const inner4 = subnets('ipv4', special4);
const inner6 = subnets('ipv6', special6);
const global6 = subnets('ipv6', [['2000::', 3]]);
const mapped4 = subnets('ipv6', [['::ffff:0:0', 96]]);

/**
 * Whether an IP address, as text, is one of the public internet. An IPv4 address inside IPv6 (`::ffff:…`) counts as what
 * it wraps. Whatever is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !inner4.check(address, 'ipv4');
  // An address with a zone (`fe80::1%eth0`) belongs to one link.
  if (version !== 6 || address.includes('%')) return false;
  // Node compares wrapped addresses with the rules of IPv4.
  if (mapped4.check(address, 'ipv6')) return !inner4.check(address, 'ipv6');
  return global6.check(address, 'ipv6') && !inner6.check(address, 'ipv6');
}
