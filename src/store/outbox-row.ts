import { type DomainEventType, domainEvents, type NewDomainEvent } from '../domain/events/index.js';
import { type OutboxRow } from './outbox.js';

/** An Error for a row that no version of ours wrote, or a newer one; it names fields, and not what is in them. */
export function readRow({ type, guildId, data }: OutboxRow): NewDomainEvent | Error {
  if (!Object.hasOwn(domainEvents, type)) return new Error('no event is of this type');
  const known = type as DomainEventType;
  const read = domainEvents[known].safeParse(data);
  if (read.success) return { type: known, guildId, data: read.data } as NewDomainEvent;
  const fields = read.error.issues.map(({ path }) => path.join('.'));
  return new Error(`not the data of such an event (${[...new Set(fields)].join(', ')})`);
}
