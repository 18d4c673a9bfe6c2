import { type IncomingHttpHeaders } from 'node:http';
import { SetMetadata } from '@nestjs/common';

export const basicKeyAllowed = 'guildcast:basic-key';

/**
 * Lets callers of a handler, or of a whole controller, show their key as the password of HTTP Basic too: the one way of
 * programs that know nothing but an address, `http://any:KEY@host`. Nobody is ever asked for Basic: browsers would keep
 * what is typed in, and send it along whoever sends them here.
 */
export function AllowBasicKey(): MethodDecorator & ClassDecorator {
  return SetMetadata<string, true>(basicKeyAllowed, true);
}

/** Undefined without a password, and for requests that a page in a browser makes. */
export function basicKey({ authorization = '', origin }: IncomingHttpHeaders): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization)?.[1];
  if (encoded === undefined || origin !== undefined) return undefined;
  const credentials = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credentials.indexOf(':');
  const password = colon === -1 ? '' : credentials.slice(colon + 1);
  return /^[\x21-\x7e]+$/.test(password) ? password : undefined;
}
