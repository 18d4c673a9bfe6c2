import { PrivateAddressError } from './guarded-connector.js';

/** What keeps a connection from being made or used, as people say it. Codes of Node, OpenSSL and undici. */
const words: Record<string, string> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be resolved now',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it cut the connection',
  EPIPE: 'it cut the connection',
  UND_ERR_SOCKET: 'it cut the connection',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'its answer does not end',
  UND_ERR_HEADERS_OVERFLOW: 'the head of its answer is too long',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Why a server cannot be asked, from fixed words and a code: messages of libraries may quote what was sent. */
export function describeFailure(error: unknown): string {
  // A name with several addresses fails once for each.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (first instanceof PrivateAddressError) return first.message;
  const code = first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : undefined;
  if (code === undefined) return first instanceof Error ? first.name : 'for an unknown reason';
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT')) return `its answer cannot be unpacked (${code})`;
  if (code.startsWith('HPE_')) return `its answer is not HTTP (${code})`;
  return words[code] ? `${words[code]} (${code})` : code;
}
