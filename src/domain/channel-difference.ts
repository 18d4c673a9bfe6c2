import { type Channel } from './channel.js';
import { type NewDomainEvent } from './events/index.js';

/** The event that leads from one state of a channel to the next; undefined when nothing differs. */
export function channelDifference(
  guildId: string,
  before: Channel | undefined,
  after: Channel | undefined,
): NewDomainEvent | undefined {
  if (after === undefined) return before && { type: 'channel.deleted', guildId, data: { channel: before } };
  if (before === undefined) return { type: 'channel.created', guildId, data: { channel: after } };
  const previous: Partial<Omit<Channel, 'id'>> = {
    ...(before.name !== after.name && { name: before.name }),
    ...(before.kind !== after.kind && { kind: before.kind }),
  };
  if (Object.keys(previous).length === 0) return undefined;
  return { type: 'channel.updated', guildId, data: { channel: after, previous } };
}

/** The events that lead from the channels that were shown to those that are. */
export function channelDifferences(
  guildId: string,
  before: ReadonlyMap<string, Channel>,
  after: readonly Channel[],
): NewDomainEvent[] {
  const present = new Map(after.map((channel) => [channel.id, channel]));
  return [...new Set([...before.keys(), ...present.keys()])].flatMap(
    (id) => channelDifference(guildId, before.get(id), present.get(id)) ?? [],
  );
}
