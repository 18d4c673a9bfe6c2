import { type DomainEventMap, type NewDomainEvent } from '../../src/domain/events/index.js';
import { type Member, referenceOf } from '../../src/domain/member.js';
import { type Status } from '../../src/domain/presence.js';

/** A member with nothing special about them, but for what the test says. */
export function memberOf(id: string, fields: Partial<Member> = {}): Member {
  return {
    id,
    username: `user-${id}`,
    displayName: `User ${id}`,
    avatarUrl: null,
    bot: false,
    roleColor: '#112233',
    roleIds: [],
    status: 'online',
    activities: [],
    voiceChannelId: null,
    joinedAt: null,
    ...fields,
  };
}

export function presenceOf(guildId: string, member: Member, status: Status): NewDomainEvent {
  const data = { member: referenceOf(member), status, previous: member.status, activities: [] };
  return { type: 'presence.updated', guildId, data };
}

export function joinOf(guildId: string, member: Member): NewDomainEvent {
  return { type: 'member.joined', guildId, data: { member } };
}

export function leaveOf(guildId: string, member: Member): NewDomainEvent {
  return { type: 'member.left', guildId, data: { member: referenceOf(member) } };
}

export function messageOf(
  guildId: string,
  author: Member,
  content: string,
  fields: Partial<DomainEventMap['message.created']> = {},
): NewDomainEvent {
  const data = {
    id: '900000000000000001',
    channelId: '900000000000000002',
    channelName: 'general',
    author: { ...referenceOf(author), bot: author.bot },
    content,
    attachments: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...fields,
  };
  return { type: 'message.created', guildId, data };
}
