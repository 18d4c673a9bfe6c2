import { type InspectedNotification } from '../../queue/inspection.repository.js';
import { type PulledNotification } from '../../queue/pull.repository.js';
import { type InspectedEvent, type QueueEvent } from './event-queue.dto.js';

const statuses: Readonly<Record<string, InspectedEvent['status']>> = {
  pending: 'pending',
  leased: 'leased',
  delivered: 'processed',
};

/** What a consumer gets. Whatever stands in the row, every field it reads is there: it would drop the whole batch. */
export function queueEventOf(row: PulledNotification): QueueEvent {
  const { leaseToken, leaseUntil } = row;
  const lease =
    leaseToken === null || leaseUntil === null
      ? {}
      : { lease_token: leaseToken, lease_until: leaseUntil.toISOString() };
  return { ...factsOf(row, row.attempts), ...lease };
}

export function inspectedEventOf(row: InspectedNotification): InspectedEvent {
  const { state, delivery, consumer, leaseUntil } = row;
  const processed = state === 'delivered';
  return {
    // The try that succeeded counts for us, and not for the dialect.
    ...factsOf(row, processed ? Math.max(0, row.attempts - 1) : row.attempts),
    processed,
    status: statuses[state] ?? 'failed',
    delivery,
    consumer,
    ...(leaseUntil === null ? {} : { lease_until: leaseUntil.toISOString() }),
  };
}

function factsOf(row: Omit<InspectedNotification, 'delivery' | 'state' | 'consumer'>, attempts: number): QueueEvent {
  const { id, target, type, payload, createdAt, lastAttemptAt, reason } = row;
  return {
    id: Number(id),
    user_id: 'userId' in target ? target.userId : '',
    event_type: type,
    payload: payloadOf(payload),
    created_at: createdAt.toISOString(),
    attempts,
    last_attempt: lastAttemptAt?.toISOString() ?? null,
    error_message: reason,
  };
}

function payloadOf(payload: unknown): Record<string, unknown> {
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload)
    ? (payload as Record<string, unknown>)
    : { value: payload };
}
