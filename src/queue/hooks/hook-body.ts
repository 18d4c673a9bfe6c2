import { type z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { utf8Text } from '../../domain/utf8-text.js';

/** A wall of faults helps nobody. */
const mostErrors = 20;

/** The body as the sender's form says. @throws Fault `request.invalid` with the place of each fault */
export function readBody<S extends z.ZodType>(form: S, body: unknown): z.output<S> {
  const read = form.safeParse(body);
  if (read.success) return read.data;
  const errors = read.error.issues
    .slice(0, mostErrors)
    .map(({ path, message }) => ({ path: path.map(String).join('.') || 'body', message }));
  const [first] = errors;
  throw new Fault('request.invalid', `${first?.path}: ${first?.message}`, { errors });
}

/**
 * The JSON of a request, also where it is the field `payload` of a form, as GitHub can send it.
 * @throws Fault `request.invalid`
 */
export function parseHookBody(raw: Buffer, contentType: string | undefined): unknown {
  const text = utf8Text(raw);
  const form = /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '');
  const json = form ? new URLSearchParams(text).get('payload') : text;
  if (json === null) throw new Fault('request.invalid', 'The form has no field "payload". Let the sender send JSON.');
  try {
    return JSON.parse(json);
  } catch {
    // What stands in the body is not repeated: the fault may be read by others than its sender.
    throw new Fault('request.invalid', 'The body is not JSON.');
  }
}
