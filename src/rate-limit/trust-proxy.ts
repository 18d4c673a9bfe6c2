import { compile } from 'proxy-addr';

/** Whether the hop at `address` may name the one before it. `hop` counts from 0, the peer of the connection. */
export type Trust = (address: string, hop: number) => boolean;

const nobody: Trust = () => false;
const everybody: Trust = () => true;

/**
 * Reads `false`, `true`, a number of proxies, or a list of addresses, CIDR ranges and the names `loopback`, `linklocal`
 * and `uniquelocal`. Undefined for a text that means nothing.
 */
export function parseTrustProxy(text: string): Trust | undefined {
  const setting = text.trim().toLowerCase();
  if (setting === '' || setting === 'false') return nobody;
  if (setting === 'true') return everybody;
  if (/^\d{1,3}$/.test(setting)) return (_address, hop) => hop < Number(setting);
  try {
    return compile(setting.split(',').map((range) => range.trim()));
  } catch {
    return undefined;
  }
}
