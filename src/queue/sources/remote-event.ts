import { createHash } from 'node:crypto';
import { z } from 'zod';
import { snowflake } from '../../domain/snowflake.js';
import { boundedJson } from '../canonical-json.js';

/** An event as a source offers it, as far as it can be told and taken. */
export interface OfferedEvent {
  /** Decimal digits, as the source counts. */
  remoteId: string;
  /** What it is known by in our database, besides its source. */
  key: string;
  /** Of a Guildcast, which gives the event to us alone for a while. */
  leaseToken: string | null;
  /** Failed tries, by the source's count. */
  attempts: number;
  content: EventContent | { fault: string };
}

export interface EventContent {
  userId: string;
  type: string;
  payload: Record<string, unknown>;
}

const remoteId = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,18}$/)
    .transform(Number)
    .pipe(z.int().nonnegative()),
]);
const envelope = z.object({
  id: remoteId,
  created_at: z.unknown(),
  lease_token: z.uuid().nullish().catch(null),
  attempts: z.int().nonnegative().catch(1),
});
const userId = z.preprocess((value) => {
  // A number that JavaScript has kept whole is as good as text.
  if (Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' ? value : '';
}, snowflake);
const content = z.object({
  user_id: userId,
  event_type: z
    .string('must be text')
    .regex(/^\P{C}{1,64}$/u, 'must be 1 to 64 characters without control characters')
    .refine((type) => type.trim() !== '', 'must not be blank'),
  payload: z.record(z.string(), z.unknown(), 'must be an object'),
});

/** Undefined for what has no id: nobody could ever say what became of it. */
export function readOfferedEvent(value: unknown): OfferedEvent | undefined {
  const head = envelope.safeParse(value);
  if (!head.success) return undefined;
  const { id, created_at: createdAt, lease_token: leaseToken, attempts } = head.data;
  const read = content.safeParse(value);
  return {
    remoteId: String(id),
    key: `${id}@${birthOf(createdAt)}`,
    leaseToken: leaseToken ?? null,
    attempts,
    content: read.success
      ? { userId: read.data.user_id, type: read.data.event_type, payload: read.data.payload }
      : { fault: faultOf(read.error) },
  };
}

/** A source whose database was made anew counts from 1 again: the id alone would take a new event for an old one. */
function birthOf(createdAt: unknown): string {
  if (typeof createdAt === 'string' && /^[\x20-\x7e]{1,64}$/.test(createdAt)) return createdAt;
  if (createdAt === undefined || createdAt === null) return '';
  try {
    return createHash('sha256').update(boundedJson(createdAt)).digest('hex');
  } catch {
    // Nested deeper than anybody walks.
    return 'nested';
  }
}

/** Names of fields and rules alone: what stands in the event is nothing for logs. */
function faultOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  const [field] = issue?.path ?? [];
  return `${String(field ?? 'event')}: ${issue?.message ?? 'is not valid'}`;
}
