import { describe, expect, it } from 'vitest';
import { domainEventTypes, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../../src/domain/guild-snapshot.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { consoleModule } from '../../support/console-modules.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../../support/events.js';

const page = await consoleModule('guild-state.js');

const guildId = '232769614004748288';
const ada = memberOf('123456789012345001', { displayName: 'Ada', status: 'idle' });
const bob = memberOf('123456789012345002', { displayName: 'Bob', status: 'offline', bot: true });
const eve = memberOf('123456789012345003', { displayName: 'Eve', roleColor: '#abcdef' });
const renamed = { ...ada, displayName: 'Countess', roleColor: '#ff00ff' };
const notification = { id: '7', type: 'backup_error', target: 'user' as const, attempts: 1 };

const snapshot: GuildSnapshot = {
  guild: {
    id: guildId,
    name: 'Works',
    alias: 'works',
    iconUrl: null,
    memberCount: 2,
    onlineCount: 1,
    default: true,
    door: 'open',
  },
  members: [ada, bob],
  cursor: 'e:0',
  source: 'mock',
  asOf: '2026-01-01T00:00:00.000Z',
  stale: false,
  partial: ['intent:presences'],
};

const story: NewDomainEvent[] = [
  presenceOf(guildId, ada, 'dnd'),
  joinOf(guildId, eve),
  messageOf(guildId, eve, 'hello'),
  { type: 'member.updated', guildId, data: { member: renamed, previous: { displayName: 'Ada' } } },
  presenceOf(guildId, memberOf('123456789012345009', { displayName: 'Stranger' }), 'online'),
  leaveOf(guildId, bob),
  leaveOf(guildId, bob),
  {
    type: 'guild.updated',
    guildId,
    data: { guild: { name: 'New works', iconUrl: 'https://cdn.discordapp.com/i.png' } },
  },
  { type: 'guild.unavailable', guildId, data: {} },
  { type: 'notification.accepted', guildId, data: notification },
  { type: 'notification.delivered', guildId, data: notification },
  { type: 'notification.retrying', guildId, data: notification },
  { type: 'notification.dead', guildId, data: notification },
  { type: 'guild.updated', guildId, data: { guild: { name: 'Newer works', iconUrl: null } } },
  { type: 'guild.removed', guildId, data: {} },
];

const events = story.map((event, index) => ({ ...event, cursor: `e:${index + 1}`, at: '2026-01-01T00:00:00.000Z' }));

function shown({ name, iconUrl, members, available }: GuildState) {
  return { name, iconUrl, members: [...members.entries()], available };
}

describe('the state of a guild in the page', () => {
  it('is told every type of event by this test', () => {
    expect(new Set(story.map(({ type }) => type))).toEqual(new Set(domainEventTypes));
  });

  it('stays the same as the state on the server, event by event', () => {
    const here = page.stateOf(snapshot);
    const there: GuildState = {
      name: snapshot.guild.name,
      iconUrl: snapshot.guild.iconUrl,
      members: new Map(snapshot.members.map((member) => [member.id, member])),
      available: true,
    };
    expect(shown(here)).toEqual(shown(there));
    for (const event of events) {
      page.applyEvent(here, event);
      applyEvent(there, event);
      expect(shown(here), event.type).toEqual(shown(there));
    }
  });

  it('names the member whose row an event may change', () => {
    const touched = events.map((event) => page.memberTouchedBy(event));
    expect(touched.slice(0, 7)).toEqual([ada.id, eve.id, undefined, ada.id, '123456789012345009', bob.id, bob.id]);
    expect(touched.slice(7).every((id) => id === undefined)).toBe(true);
  });

  it('counts members by status', () => {
    expect(page.countByStatus(page.stateOf(snapshot).members)).toEqual({ online: 0, idle: 1, dnd: 0, offline: 1 });
  });
});
