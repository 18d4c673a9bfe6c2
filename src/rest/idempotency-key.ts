import { Fault } from '../domain/fault.js';
import { idempotencyKey } from '../queue/publish-request.js';

/** The header's value; undefined without one. Fault `request.invalid` for one that is not a key. */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const read = idempotencyKey.safeParse(header);
  if (read.success) return read.data;
  const message = read.error.issues[0]?.message ?? 'is not valid';
  throw new Fault('request.invalid', `Idempotency-Key ${message}.`, { errors: [{ path: 'Idempotency-Key', message }] });
}
