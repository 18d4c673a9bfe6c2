import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { ZodValidationException } from 'nestjs-zod';
import { z } from 'zod';
import { Fault, type FaultCode, faultCodes } from '../domain/fault.js';

/** The body of every refusal: RFC 9457, with `code` as the name that programs should go by. */
export const problem = z
  .object({
    type: z.string().describe('urn:guildcast:fault: and the code'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.enum(Object.keys(faultCodes) as [FaultCode, ...FaultCode[]]),
    instance: z.string().describe('The path that was asked for, without its query'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('What is wrong with which field'),
    retryAfter: z.int().optional().describe('Seconds after which another try makes sense'),
  })
  .meta({ description: 'RFC 9457 problem details' });
export type Problem = z.infer<typeof problem>;

/** What is told to the client; `instance` is added by who knows the request. */
export type Refusal = Omit<Problem, 'type' | 'title' | 'instance'>;

/** A wall of faults helps nobody. */
const mostErrors = 50;

/** Undefined for what nobody meant to happen: that is a fault of ours, and its message may hold anything. */
export function refusalOf(exception: unknown): Refusal | undefined {
  if (exception instanceof Fault) return fromFault(exception);
  if (exception instanceof ZodValidationException) return fromZod(exception.getZodError());
  if (exception instanceof HttpException) return fromHttpException(exception);
  if (isExposed(exception))
    return { status: exception.status, code: codeOf(exception.status), detail: exception.message };
  return undefined;
}

export function problemOf(refusal: Refusal, instance: string): Problem {
  const { code, status } = refusal;
  const known = faultCodes[code];
  return {
    type: `urn:guildcast:fault:${code}`,
    title: known.status === status ? known.title : (STATUS_CODES[status] ?? known.title),
    status,
    detail: refusal.detail,
    code,
    instance,
    errors: refusal.errors,
    retryAfter: refusal.retryAfter,
  };
}

function fromFault({ code, message, details }: Fault): Refusal {
  const retryAfter = details.retryAfter === undefined ? undefined : Math.max(1, Math.ceil(details.retryAfter));
  return { status: faultCodes[code].status, code, detail: message, errors: details.errors, retryAfter };
}

function fromZod(error: unknown): Refusal {
  const issues = error instanceof z.ZodError ? error.issues : [];
  const errors = issues
    .slice(0, mostErrors)
    .map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
  const [first] = errors;
  const detail =
    first === undefined ? undefined : first.path === '' ? first.message : `${first.path}: ${first.message}`;
  return { status: 400, code: 'request.invalid', detail, errors };
}

function fromHttpException(exception: HttpException): Refusal | undefined {
  const status = exception.getStatus();
  // Nest's own exceptions for inner failures carry messages that were never written for clients.
  if (status >= 500 && status !== 503) return undefined;
  return { status, code: codeOf(status), detail: exception.message };
}

function codeOf(status: number): FaultCode {
  switch (status) {
    case 401:
      return 'access.key_required';
    case 403:
      return 'access.scope_missing';
    case 404:
      return 'resource.not_found';
    case 406:
      return 'request.not_acceptable';
    case 409:
      return 'request.conflict';
    case 413:
      return 'request.too_large';
    case 429:
      return 'rate.limited';
    case 503:
      return 'service.unavailable';
    default:
      return 'request.invalid';
  }
}

/** Errors of Express and its body parsers: they say themselves whether the client may read them. */
function isExposed(exception: unknown): exception is Error & { status: number } {
  return (
    exception instanceof Error &&
    'expose' in exception &&
    exception.expose === true &&
    'status' in exception &&
    typeof exception.status === 'number' &&
    exception.status >= 400 &&
    exception.status < 500
  );
}
