import { BlockList, isIP } from 'node:net';

/** Whose `X-Forwarded-For` is believed: nobody's, everybody's, that of the n nearest proxies, or of these addresses. */
export type TrustProxy = boolean | number | string[];

/** Whether the hop at `address` may name the one before it. `hop` counts from 0, the peer of the connection. */
export type Trust = (address: string, hop: number) => boolean;

const namedRanges = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** Undefined for a text that means nothing. */
export function parseTrustProxy(text: string): TrustProxy | undefined {
  const setting = text.trim().toLowerCase();
  if (setting === '' || setting === 'false') return false;
  if (setting === 'true') return true;
  if (/^\d{1,3}$/.test(setting)) return Number(setting);
  const ranges = setting.split(',').map((range) => range.trim());
  return ranges.every((range) => namedRanges.has(range) || parseRange(range) !== undefined) ? ranges : undefined;
}

export function trustOf(setting: TrustProxy): Trust {
  if (typeof setting === 'boolean') return () => setting;
  if (typeof setting === 'number') return (_address, hop) => hop < setting;
  const trusted = new BlockList();
  for (const range of setting.flatMap((name) => namedRanges.get(name) ?? [name])) {
    const parsed = parseRange(range);
    if (parsed) trusted.addSubnet(parsed.address, parsed.bits, parsed.family);
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function parseRange(range: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...rest] = range.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return undefined;
  const widest = family === 4 ? 32 : 128;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > widest)) return undefined;
  return { address, bits: bits === undefined ? widest : Number(bits), family: family === 4 ? 'ipv4' : 'ipv6' };
}
