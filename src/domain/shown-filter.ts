import { type DomainEventMap, type DomainEventType, type NewDomainEvent } from './events/index.js';
import { type Member } from './member.js';

/** What of a guild is shown. Where nothing was decided there is no filter at all. */
export interface ShownFilter {
  /** Members who hide themselves: their names are not told by others either. */
  hidden: ReadonlySet<string>;
  hideOffline: boolean;
  hideBots: boolean;
  ignoredUsers: ReadonlySet<string>;
  /** Members who have one of these roles are not shown. */
  ignoredRoles: ReadonlySet<string>;
  messages: boolean;
  /** The channels whose messages are forwarded; null leaves that to the source, which tells of open ones alone. */
  channels: ReadonlySet<string> | null;
}

/** As if nothing was decided. */
export const showsEverything: ShownFilter = {
  hidden: new Set(),
  hideOffline: false,
  hideBots: false,
  ignoredUsers: new Set(),
  ignoredRoles: new Set(),
  messages: true,
  channels: null,
};

export function showsMember(filter: ShownFilter, { id, bot, status, roleIds }: Member): boolean {
  if (filter.hidden.has(id) || filter.ignoredUsers.has(id)) return false;
  if (filter.hideBots && bot) return false;
  if (filter.hideOffline && status === 'offline') return false;
  return filter.ignoredRoles.size === 0 || !roleIds.some((role) => filter.ignoredRoles.has(role));
}

/** Somebody of whom no more is known. What cannot be told counts against them. */
export interface Stranger {
  id: string;
  bot?: boolean;
}

export function showsStranger(filter: ShownFilter, { id, bot }: Stranger): boolean {
  if (filter.hidden.has(id) || filter.ignoredUsers.has(id)) return false;
  if (filter.hideBots && bot !== false) return false;
  return !filter.hideOffline && filter.ignoredRoles.size === 0;
}

export function showsChannel(filter: ShownFilter, channelId: string): boolean {
  return filter.messages && (filter.channels?.has(channelId) ?? true);
}

/** Who did something, and in which channel. Both must be shown, where there are both. */
export interface Deed {
  by?: Stranger;
  channelId?: string;
}

type DeedOf<T extends DomainEventType> = (data: DomainEventMap[T]) => Deed;

/**
 * `guild`: tells of no member. `member`: changes one. Otherwise it is somebody's deed. An event that has a member, an
 * author or a channel cannot pass as the guild's own.
 */
type Aspect<T extends DomainEventType> = DomainEventMap[T] extends { member: { id: string } }
  ? 'member' | DeedOf<T>
  : DomainEventMap[T] extends { author: unknown } | { channelId: unknown } | { channel: unknown } | { user: unknown }
    ? DeedOf<T>
    : 'guild' | DeedOf<T>;

/** How each type of event is judged in a guild with a filter. One that is not listed here is not shown. */
const aspects: { readonly [T in DomainEventType]: Aspect<T> } = {
  'presence.updated': 'member',
  'member.joined': 'member',
  'member.left': 'member',
  'member.updated': 'member',
  'message.created': ({ author, channelId }) => ({ by: author, channelId }),
  'message.updated': ({ author, channelId }) => ({ by: author, channelId }),
  'message.deleted': ({ channelId }) => ({ channelId }),
  'typing.started': ({ member, channelId }) => ({ by: member, channelId }),
  // Sources tell of open channels alone, and everybody may know that there are those.
  'channel.created': () => ({}),
  'channel.updated': () => ({}),
  'channel.deleted': () => ({}),
  'guild.updated': 'guild',
  'guild.unavailable': 'guild',
  'guild.removed': 'guild',
  'announcement.created': 'guild',
  'notification.accepted': 'guild',
  'notification.delivered': 'guild',
  'notification.retrying': 'guild',
  'notification.unknown': 'guild',
  'notification.dead': 'guild',
  'notification.superseded': 'guild',
  'notification.off': 'guild',
};

type MemberEvent = Extract<NewDomainEvent, { data: { member: { id: string } } }>;

/** An event as a filter looks at it. */
export type Judged = { kind: 'guild' } | { kind: 'member'; event: MemberEvent } | { kind: 'deed'; deed: Deed };

/** Undefined for a type that is not known: nobody can tell whose it is. */
export function judge(event: NewDomainEvent): Judged | undefined {
  if (!Object.hasOwn(aspects, event.type)) return undefined;
  const aspect = aspects[event.type] as 'guild' | 'member' | ((data: unknown) => Deed);
  if (aspect === 'guild') return { kind: 'guild' };
  if (aspect === 'member') return { kind: 'member', event: event as MemberEvent };
  return { kind: 'deed', deed: aspect(event.data) };
}
