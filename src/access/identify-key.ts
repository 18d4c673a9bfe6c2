import { Fault } from '../domain/fault.js';
import { type ApiKey, type ApiKeys } from './api-keys.js';
import { type AttemptLimiter } from './attempt-limiter.js';

/**
 * Whose key this is; a try in vain counts against `address`. An address that guessed too often is refused before its
 * key is looked at, whatever key it is: a valid one answered otherwise would let it go on guessing.
 * @throws Fault `rate.limited`, `access.key_unknown`
 */
export async function identifyKey(
  keys: ApiKeys,
  attempts: AttemptLimiter,
  presented: string,
  address: string,
): Promise<ApiKey> {
  const retryAfter = await attempts.check(address);
  if (retryAfter !== undefined) {
    throw new Fault('rate.limited', 'Too many unknown keys came from this address. Wait, then try again.', {
      retryAfter,
    });
  }
  const apiKey = keys.find(presented);
  if (apiKey) return apiKey;
  await attempts.failed(address);
  throw new Fault('access.key_unknown', 'This key is not known here.');
}
