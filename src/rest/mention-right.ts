import { type ApiKey } from '../access/api-keys.js';
import { Fault } from '../domain/fault.js';
import { type Mentions } from '../domain/notification.js';

/** Fault `access.scope_missing` where somebody is to be rung by a key that may not. */
export function mustBeAllowed(mentions: Mentions | undefined, { scopes }: ApiKey, path = 'mentions'): void {
  if (mentions === undefined || scopes.has('mention')) return;
  throw new Fault('access.scope_missing', `${path}: this needs a key with the scope mention, too.`);
}
