import { IncomingMessage, ServerResponse } from 'node:http';
import { type LoggerOptions, stdSerializers } from 'pino';

const censored = '[Redacted]';

/** Compared in lower case and without dashes and underscores. */
const secretFields = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'xapikey',
  'apikey',
  'apikeys',
  'token',
  'accesstoken',
  'refreshtoken',
  'bottoken',
  'discordtoken',
  'discordbottoken',
  'password',
  'secret',
  'clientsecret',
]);

const secretParameters = /([?&;](?:[\w-]*token|password|key|api[_-]?key|auth|secret|code|state)=)[^&;#\s"'<>]+/gi;
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*:[^\s/?#"'<>]*@/gi;
/** Who hides is in no log, not even in the line of the request that hid them. */
const hidden = /(\/hidden\/)[^/?#\s"'<>]+/g;
/** The address of a webhook is all it takes to write by it. */
const webhookToken = /(\/webhooks\/\d+\/)[\w-]{20,}/g;
const bearer = /\b(Bearer|Basic|Bot) +[\w.~+/=-]{16,}/g;

/** Deeper parts of a logged object are left out: a log line is no dump. */
const deepest = 8;

/** Hides secrets that addresses and header lines carry in any text. */
export function redactText(text: string): string {
  let safe = text;
  if (safe.includes('=')) safe = safe.replace(secretParameters, `$1${censored}`);
  if (safe.includes('@')) safe = safe.replace(userInfo, `$1${censored}@`);
  if (safe.includes('/hidden/')) safe = safe.replace(hidden, `$1${censored}`);
  if (safe.includes('/webhooks/')) safe = safe.replace(webhookToken, `$1${censored}`);
  return safe.replace(bearer, `$1 ${censored}`);
}

/** A copy for the log: secret fields are censored at every depth, text as by `redactText`, errors become plain. */
export function redact(value: unknown): unknown {
  return copy(value, 0, new Set());
}

function copy(value: unknown, depth: number, parents: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (parents.has(value)) return '[Circular]';
  if (depth > deepest) return '[Deeper]';
  if (value instanceof IncomingMessage) return describeRequest(value);
  if (value instanceof ServerResponse) return describeResponse(value as ServerResponse);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  parents.add(value);
  try {
    if (value instanceof Error) return copyFields({ ...stdSerializers.err(value), raw: undefined }, depth, parents);
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return copy((value.toJSON as () => unknown)(), depth + 1, parents);
    }
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, parents));
    if (value instanceof Set) return [...value].map((item) => copy(item, depth + 1, parents));
    if (value instanceof Map) return copyFields(Object.fromEntries(value) as object, depth, parents);
    return copyFields(value, depth, parents);
  } finally {
    parents.delete(value);
  }
}

function copyFields(value: object, depth: number, parents: Set<object>): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    safe[name] = isSecretField(name) && field != null ? censored : copy(field, depth + 1, parents);
  }
  return safe;
}

function isSecretField(name: string): boolean {
  return secretFields.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
}

/** No headers and no body: what is not written cannot leak. */
function describeRequest(request: IncomingMessage & { id?: unknown; originalUrl?: unknown }): object {
  const url = typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '');
  return {
    id: request.id,
    method: request.method,
    url: redactText(url),
    remoteAddress: request.socket?.remoteAddress,
  };
}

function describeResponse(response: ServerResponse): object {
  return { statusCode: response.headersSent ? response.statusCode : null };
}

/**
 * Pino's part of it: every argument of every log call is copied by `redact`. Fields bound to child loggers do not come
 * that way; pino's own redaction covers their first two levels.
 */
export const redactingOptions = {
  serializers: {
    req: (request: unknown) => redact(request),
    res: (response: unknown) => redact(response),
    err: (error: unknown) => redact(error),
  },
  redact: {
    paths: ['token', 'password', 'secret', 'discordToken', '*.token', '*.password', '*.secret'],
    censor: censored,
  },
  hooks: {
    logMethod(args, method) {
      const [first, ...others] = args as [unknown, ...unknown[]];
      // A redacted error is an error no more: it has to be put where pino would have put it.
      const safe =
        first instanceof Error
          ? [{ err: redact(first) }, ...(others.length > 0 ? others : [first.message]).map(redact)]
          : [first, ...others].map(redact);
      method.apply(this, safe as typeof args);
    },
  },
} satisfies LoggerOptions;
