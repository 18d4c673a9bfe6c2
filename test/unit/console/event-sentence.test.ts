import { describe, expect, it } from 'vitest';
import { type Channel } from '../../../src/domain/channel.js';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { type Platform } from '../../../src/domain/presence.js';
import { consoleModule } from '../../support/console-modules.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../../support/events.js';

const { plainText, sentenceOf } = await consoleModule('event-sentence.js');

const guildId = '232769614004748288';
const ada = memberOf('123456789012345001', { displayName: 'Ada', status: 'offline' });

function told(event: NewDomainEvent): string {
  return plainText(sentenceOf(event));
}

function presence(status: 'online' | 'idle', previous: 'online' | null, activity?: { name: string; state?: string }) {
  const activities = activity
    ? [{ type: activity.state ? ('custom' as const) : ('playing' as const), ...activity }]
    : [];
  const event = presenceOf(guildId, ada, status) as Extract<NewDomainEvent, { type: 'presence.updated' }>;
  return told({ ...event, data: { ...event.data, previous, activities } });
}

describe('sentences', () => {
  it.each([
    [presenceOf(guildId, ada, 'online'), 'Ada came online'],
    [presenceOf(guildId, ada, 'dnd'), 'Ada is on do not disturb'],
    [joinOf(guildId, ada), 'Ada joined the guild'],
    [leaveOf(guildId, ada), 'Ada left the guild'],
    [messageOf(guildId, ada, 'good morning'), 'Ada in #general: good morning'],
  ])('tell what happened (%#)', (event, sentence) => {
    expect(told(event)).toBe(sentence);
  });

  it('tell an activity when the status is the same', () => {
    expect(presence('online', 'online', { name: 'Chess' })).toBe('Ada is playing Chess');
    expect(presence('online', 'online', { name: 'Custom Status', state: 'at lunch' })).toBe('Ada says: at lunch');
    expect(presence('online', 'online')).toBe('Ada has no activity any more');
    expect(presence('idle', null, { name: 'Chess' })).toBe('Ada is idle');
  });

  it('tell where somebody is signed in when nothing else is known of them', () => {
    const event = presenceOf(guildId, { ...ada, status: 'idle' }, 'idle') as Extract<
      NewDomainEvent,
      { type: 'presence.updated' }
    >;
    const on = (...platforms: Platform[]) => told({ ...event, data: { ...event.data, platforms } });
    expect(on('desktop', 'mobile')).toBe('Ada is idle (desktop and mobile)');
    expect(presence('online', 'online')).toBe('Ada has no activity any more');
  });

  it('tell what becomes of messages, who writes, and channels', () => {
    const where = { channelId: '1', channelName: 'general' };
    const written = messageOf(guildId, ada, 'good evening', { attachments: 1 });
    const editedAt = '2026-01-01T00:00:01.000Z';
    const edit = { ...written, type: 'message.updated', data: { ...written.data, editedAt } } as NewDomainEvent;
    expect(told(edit)).toBe('Ada edited a message in #general: good evening');
    expect(sentenceOf(edit)).toMatchObject({ kind: 'message', note: 'with 1 file' });
    const gone = (...ids: string[]) => told({ type: 'message.deleted', guildId, data: { ids, ...where } });
    expect(gone('1')).toBe('A message in #general was deleted');
    expect(gone('1', '2')).toBe('2 messages in #general were deleted');
    expect(told({ type: 'typing.started', guildId, data: { member: ada, ...where } })).toBe(
      'Ada is typing in #general',
    );
    const channel: Channel = { id: '1', name: 'general', kind: 'text' };
    const lounge: Channel = { id: '2', name: 'Lounge', kind: 'voice' };
    expect(told({ type: 'channel.created', guildId, data: { channel } })).toBe('The channel #general is there now');
    expect(told({ type: 'channel.updated', guildId, data: { channel: lounge, previous: { name: 'Bar' } } })).toBe(
      'The voice channel Bar is now Lounge',
    );
    expect(told({ type: 'channel.deleted', guildId, data: { channel: lounge } })).toBe(
      'The voice channel Lounge is no longer shown',
    );
  });

  it('tell what changed about a member', () => {
    const changed = (previous: object) =>
      told({ type: 'member.updated', guildId, data: { member: { ...ada, voiceChannelId: null }, previous } });
    expect(changed({ roleIds: [], roleColor: '#000000' })).toBe('Ada: roles and colour changed');
    expect(changed({ displayName: 'Augusta' })).toBe('Ada, once Augusta, has a new name');
    expect(changed({ voiceChannelId: '123456' })).toBe('Ada left a voice channel');
  });

  it('tell the way of a notification', () => {
    const data = { id: '7', type: 'backup_error', target: 'user' as const, attempts: 2, reason: 'Discord is out' };
    expect(told({ type: 'notification.delivered', guildId, data })).toBe(
      'Notification backup_error to a user was delivered',
    );
    const unknown = { type: 'notification.unknown' as const, guildId, data: { ...data, target: 'webhook' as const } };
    expect(told(unknown)).toBe('Notification backup_error to a webhook was sent, and nobody knows whether it arrived');
    const dead = sentenceOf({ type: 'notification.dead', guildId, data });
    expect(plainText(dead)).toBe('Notification backup_error to a user was given up after 2 attempts');
    expect(dead).toMatchObject({ kind: 'notification', tone: 'bad', note: 'Discord is out' });
  });

  it('name an event that they do not know, or cannot read', () => {
    expect(plainText(sentenceOf({ type: 'planet.discovered', data: {} }))).toBe('planet.discovered happened');
    expect(plainText(sentenceOf({ type: 'member.joined', data: null }))).toBe('member.joined happened');
  });
});
