import { AnswerError } from './answer.error.js';

/** @throws AnswerError that tells what is wrong without quoting what came: it may hold anything */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new AnswerError('is empty');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AnswerError('is not UTF-8');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AnswerError(faultOf(error, text.length));
  }
}

/** Node's own words quote the text around the fault. Their position may be the end, where the rest is missing. */
function faultOf(error: unknown, length: number): string {
  const words = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(words)?.[1];
  if (/end of JSON/.test(words) || Number(position) >= length) return 'is JSON that ends in the middle';
  return `is not JSON${position === undefined ? '' : ` (at character ${Number(position) + 1})`}`;
}
