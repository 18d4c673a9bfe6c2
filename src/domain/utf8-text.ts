import { Fault } from './fault.js';

/** The text of a body. @throws Fault `request.invalid` for bytes that are no UTF-8, rather than marks in their place */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Fault('request.invalid', 'The body is not UTF-8.');
  }
}
