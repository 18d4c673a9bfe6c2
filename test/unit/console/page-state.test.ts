import { expect, it } from 'vitest';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { consoleModule } from '../../support/console-modules.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../../support/events.js';

const { countByStatus } = await consoleModule('member-status.js');
const { memberTouchedBy } = await consoleModule('touched-member.js');

const guildId = '232769614004748288';
const ada = memberOf('123456789012345001', { status: 'idle' });
const bob = memberOf('123456789012345002', { status: 'offline' });

it.each<[NewDomainEvent, string | undefined]>([
  [presenceOf(guildId, ada, 'dnd'), ada.id],
  [joinOf(guildId, bob), bob.id],
  [leaveOf(guildId, bob), bob.id],
  [{ type: 'member.updated', guildId, data: { member: ada, previous: { displayName: 'A' } } }, ada.id],
  [messageOf(guildId, ada, 'hello'), undefined],
  [{ type: 'guild.removed', guildId, data: {} }, undefined],
])('names the member whose row an event may change: %j', (event, id) => {
  expect(memberTouchedBy({ ...event, cursor: 'e:1', at: '2026-01-01T00:00:00.000Z' })).toBe(id);
});

it('counts members by status', () => {
  const members = new Map([ada, bob].map((member) => [member.id, member]));
  expect(countByStatus(members)).toEqual({ online: 0, idle: 1, dnd: 0, offline: 1 });
});
