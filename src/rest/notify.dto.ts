import { type IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { Fault } from '../domain/fault.js';
import { type Priority } from '../domain/notification.js';
import { utf8Text } from '../domain/utf8-text.js';
import { publishRequest, type PublishRequest } from '../queue/publish-request.js';
import { headerText } from './header-text.js';

/** Names of ours, and those and the numbers of ntfy. */
const priorityNames: ReadonlyMap<string, Priority> = new Map([
  ['1', 'low'],
  ['2', 'low'],
  ['3', 'normal'],
  ['4', 'high'],
  ['5', 'critical'],
  ['min', 'low'],
  ['low', 'low'],
  ['default', 'normal'],
  ['normal', 'normal'],
  ['high', 'high'],
  ['urgent', 'critical'],
  ['max', 'critical'],
  ['critical', 'critical'],
]);

const priority = z.union([z.string(), z.number()]).transform((given, context): Priority => {
  const found = priorityNames.get(String(given).trim().toLowerCase());
  if (found !== undefined) return found;
  context.addIssue({ code: 'custom', message: 'must be low, normal, high or critical, or a number from 1 to 5' });
  return z.NEVER;
});

const mostTags = 20;
const longestTag = 64;
const tags = z
  .union([z.string(), z.array(z.string())])
  .transform((given) =>
    (typeof given === 'string' ? given.split(',') : given).map((tag) => tag.trim()).filter((tag) => tag !== ''),
  )
  .pipe(z.array(z.string().max(longestTag)).max(mostTags));

/** What both a body of JSON and the headers may say. */
const shape = z.strictObject({
  title: z.string().optional(),
  message: z.string().optional(),
  priority: priority.optional(),
  tags: tags.optional(),
  type: z.string().optional(),
  payload: z.record(z.string(), z.unknown()).optional(),
  collapseKey: z.string().optional(),
  groupKey: z.string().optional(),
  notBefore: z.string().optional(),
  delay: z.string().optional(),
  expiresAt: z.string().optional(),
});
export type NotifyFields = z.output<typeof shape>;

/** Names of headers, each also with `X-` before it. */
const headerNames = {
  title: 'title',
  priority: 'priority',
  tags: 'tags',
  type: 'type',
  collapseKey: 'collapse-key',
  groupKey: 'group-key',
  notBefore: 'not-before',
  delay: 'delay',
  expiresAt: 'expires',
} as const;

/** What stands in the body comes before the headers. @throws Fault `request.invalid` */
export function readNotify(raw: Buffer, headers: IncomingHttpHeaders): NotifyFields {
  const text = utf8Text(raw);
  const json = /^application\/([\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '');
  const body = json ? parseJson(text) : text.trim() === '' ? {} : { message: text.trimEnd() };
  const said = checked(shape, body);
  const { delay, notBefore, ...others } = fieldsOf(headers);
  // Two names for one thing.
  const waits = said.delay ?? said.notBefore;
  const fields = { ...(waits === undefined && { delay, notBefore }), ...others, ...said };
  const { title, message, payload } = fields;
  if (!title?.trim() && !message?.trim() && payload === undefined) {
    throw new Fault('request.invalid', 'There is nothing to tell: send a message as the body, or a title.');
  }
  return fields;
}

function fieldsOf(headers: IncomingHttpHeaders): NotifyFields {
  const found: Record<string, string> = {};
  for (const [field, name] of Object.entries(headerNames)) {
    const value = headers[name] ?? headers[`x-${name}`];
    const text = typeof value === 'string' ? headerText(value) : '';
    // Browsers and proxies tell by `Priority` how urgent the answer is (RFC 9218), which is something else.
    if (text !== '' && !(name === 'priority' && /^(u=\d|i\b)/i.test(text))) found[field] = text;
  }
  return checked(shape, found);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('request.invalid', 'The body is not JSON, though its Content-Type says so.');
  }
}

/** `now` is asked only where a time is told by how long it is until then. @throws Fault `request.invalid` */
export async function publishRequestOf(
  route: string,
  fields: NotifyFields,
  now: () => Promise<Date>,
): Promise<PublishRequest> {
  const { title, message, tags: labels, payload, delay, notBefore, expiresAt, type = 'note', ...rest } = fields;
  if (delay !== undefined && notBefore !== undefined) throw invalid('delay', 'cannot be given beside notBefore');
  const start = delay ?? notBefore;
  return checked(publishRequest, {
    ...rest,
    route,
    type,
    payload: {
      ...payload,
      ...(title !== undefined && { title }),
      ...(message !== undefined && { message }),
      ...(labels !== undefined && { tags: labels }),
      ...(rest.priority !== undefined && { priority: rest.priority }),
    },
    ...(start !== undefined && { notBefore: await momentOf(delay === undefined ? 'notBefore' : 'delay', start, now) }),
    ...(expiresAt !== undefined && { expiresAt: await momentOf('expiresAt', expiresAt, now) }),
  });
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const duration = /^(\d{1,6}) ?(?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:ours?)?|(d)(?:ays?)?)$/i;

async function momentOf(field: string, text: string, now: () => Promise<Date>): Promise<string> {
  const match = duration.exec(text);
  if (match) {
    const unit = (match[2] ?? match[3] ?? match[4] ?? match[5] ?? 's').toLowerCase();
    return new Date((await now()).getTime() + Number(match[1]) * (units[unit] ?? 0)).toISOString();
  }
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return text;
  throw invalid(
    field,
    'must be a time with its zone, such as 2026-01-31T18:00:00Z, or how long until then, such as 30m',
  );
}

function checked<S extends z.ZodType>(form: S, value: unknown): z.output<S> {
  const read = form.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(issue?.path.map(String).join('.') || 'body', issue?.message ?? 'is not valid');
}

function invalid(path: string, message: string): Fault {
  return new Fault('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
}
