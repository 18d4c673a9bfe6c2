import { StartupError } from './startup-error.js';

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'no such host is known',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself (see sslrootcert)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted (see sslrootcert)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted (see sslrootcert)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted (see sslrootcert)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  '28P01': 'the password is wrong',
  '28000': 'this user may not connect',
  '3D000': 'there is no such database',
  '53300': 'it has no connection left for us',
  '57P01': 'the connection was cut',
  '57P03': 'it is starting or stopping',
};

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** `host:port/database` of a connection URL: never the password, nor what may hold one. */
export function describeDatabase(url: string): string {
  try {
    const { hostname, port, pathname, searchParams } = new URL(url);
    const host = searchParams.get('host') ?? hostname;
    return host.startsWith('/') ? `${host}${pathname}` : `${host || 'localhost'}:${port || '5432'}${pathname}`;
  } catch {
    return 'the address in DATABASE_URL';
  }
}

/** What went wrong, in words that hold no secret: messages of drivers may quote the URL. */
export function describeConnectionFault(error: unknown): string {
  if (error instanceof Error && 'syscall' in error && error.syscall === 'open') return 'its certificate cannot be read';
  const code = codeOf(error);
  if (code !== undefined) return reasons[code] ?? code;
  const message = error instanceof Error ? error.message : '';
  if (/timeout|timed out/i.test(message)) return 'no answer in time';
  if (/SSL/.test(message)) return 'it and this program do not agree on SSL (see sslmode)';
  if (/password/i.test(message)) return 'it asks for a password';
  if (/terminated/i.test(message)) return 'the connection was cut';
  return 'the connection failed';
}

export function unreachableDatabase(url: string, error: unknown): StartupError {
  return new StartupError(
    `The database at ${describeDatabase(url)} cannot be used: ${describeConnectionFault(error)}. Check DATABASE_URL.`,
  );
}
