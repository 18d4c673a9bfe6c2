import { z } from 'zod';
import { snowflake } from '../snowflake.js';
import { announcementCreated } from './announcement-created.js';
import { channelCreated } from './channel-created.js';
import { channelDeleted } from './channel-deleted.js';
import { channelUpdated } from './channel-updated.js';
import { guildRemoved } from './guild-removed.js';
import { guildUnavailable } from './guild-unavailable.js';
import { guildUpdated } from './guild-updated.js';
import { memberJoined } from './member-joined.js';
import { memberLeft } from './member-left.js';
import { memberUpdated } from './member-updated.js';
import { messageCreated } from './message-created.js';
import { messageDeleted } from './message-deleted.js';
import { messageUpdated } from './message-updated.js';
import { notificationState } from './notification-state.js';
import { presenceUpdated } from './presence-updated.js';
import { typingStarted } from './typing-started.js';

/** The one list of event types: everything that can happen in a room, with the shape of its `data`. */
export const domainEvents = {
  'presence.updated': presenceUpdated,
  'member.joined': memberJoined,
  'member.left': memberLeft,
  'member.updated': memberUpdated,
  'message.created': messageCreated,
  'message.updated': messageUpdated,
  'message.deleted': messageDeleted,
  'typing.started': typingStarted,
  'channel.created': channelCreated,
  'channel.updated': channelUpdated,
  'channel.deleted': channelDeleted,
  'guild.updated': guildUpdated,
  'guild.unavailable': guildUnavailable,
  'guild.removed': guildRemoved,
  'announcement.created': announcementCreated,
  'notification.accepted': notificationState,
  'notification.delivered': notificationState,
  'notification.retrying': notificationState,
  'notification.unknown': notificationState,
  'notification.dead': notificationState,
  'notification.superseded': notificationState,
  'notification.off': notificationState,
} as const;

export type DomainEventType = keyof typeof domainEvents;
export const domainEventTypes = Object.keys(domainEvents) as DomainEventType[];

export type DomainEventMap = { [T in DomainEventType]: z.infer<(typeof domainEvents)[T]> };

/** What a source says: it has no place in the log yet. */
export type NewDomainEvent = {
  [T in DomainEventType]: { type: T; guildId: string; data: DomainEventMap[T] };
}[DomainEventType];

/** What the log hands out. `at` is ISO 8601, UTC, milliseconds. */
export type DomainEvent = NewDomainEvent & { cursor: string; at: string };

export type DomainEventOf<T extends DomainEventType> = Extract<DomainEvent, { type: T }>;

/** The envelope of every event on every wire, for documents and clients. */
export const domainEvent = z.object({
  type: z.enum(domainEventTypes as [DomainEventType, ...DomainEventType[]]),
  guildId: snowflake,
  cursor: z.string(),
  at: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});
