import { type FaultCode } from '../domain/fault.js';

/** Why the server refused. It may be newer than this client and know codes that this one does not. */
export interface ClientFault {
  code: FaultCode | (string & {});
  /** For people. */
  message: string;
  /** Seconds after which another try makes sense. */
  retryAfter?: number;
}

/** Refusals that pass by themselves. A guild can be unknown while its source is still starting. */
const passing: ReadonlySet<string> = new Set([
  'guild.unavailable',
  'guild.not_found',
  'rate.limited',
  'service.unavailable',
  'service.failed',
] satisfies FaultCode[]);

export function passes({ code }: ClientFault): boolean {
  return passing.has(code);
}

/** The fault in an answer or message `{error}`; undefined where there is none. */
export function readError(answer: unknown): ClientFault | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message, retryAfter } = error as Partial<Record<keyof ClientFault, unknown>>;
  if (typeof code !== 'string') return undefined;
  const wait = typeof retryAfter === 'number' && retryAfter > 0 ? { retryAfter } : {};
  return { code, message: typeof message === 'string' ? message : code, ...wait };
}
