import { describe, expect, it } from 'vitest';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { type Member } from '../../../src/domain/member.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../../support/events.js';

const guild = '100000000000000001';
const alice = memberOf('200000000000000001', { roleIds: ['300000000000000001'], avatarUrl: 'https://x/a.png' });
const bob = memberOf('200000000000000002');

function stateOf(...members: Member[]): GuildState {
  const known = new Map(members.map((one) => [one.id, one]));
  return { name: 'Town', iconUrl: null, members: known, channels: new Map(), available: true };
}

const plain = (state: GuildState) => ({ ...state, members: Object.fromEntries(state.members) });

describe('applying events', () => {
  it('changes of a member what the event tells, and keeps the rest', () => {
    const state = stateOf(alice);
    applyEvent(state, presenceOf(guild, { ...alice, displayName: 'Al' }, 'dnd'));
    expect(state.members.get(alice.id)).toEqual({ ...alice, displayName: 'Al', status: 'dnd' });
  });

  it('takes over where a member is signed in, and keeps nothing of where they were', () => {
    const state = stateOf({ ...alice, platforms: ['desktop'] });
    const event = presenceOf(guild, alice, 'idle') as Extract<NewDomainEvent, { type: 'presence.updated' }>;
    applyEvent(state, { ...event, data: { ...event.data, platforms: ['mobile', 'web'] } });
    expect(state.members.get(alice.id)).toEqual({ ...alice, status: 'idle', platforms: ['mobile', 'web'] });
    applyEvent(state, event);
    expect(state.members.get(alice.id)).not.toHaveProperty('platforms');
  });

  it('follows the channels', () => {
    const state = stateOf();
    const [general, square] = ['general', 'square'].map((name) => ({ id: '1', name, kind: 'text' as const }));
    applyEvent(state, { type: 'channel.created', guildId: guild, data: { channel: general! } });
    applyEvent(state, { type: 'channel.updated', guildId: guild, data: { channel: square!, previous: {} } });
    expect([...state.channels.values()]).toEqual([square]);
    applyEvent(state, { type: 'guild.removed', guildId: guild, data: {} });
    expect(state.channels.size).toBe(0);
    applyEvent(state, { type: 'channel.created', guildId: guild, data: { channel: general! } });
    applyEvent(state, { type: 'channel.deleted', guildId: guild, data: { channel: general! } });
    expect(state.channels.size).toBe(0);
  });

  it('makes a whole member of a stranger', () => {
    const state = stateOf();
    applyEvent(state, presenceOf(guild, bob, 'idle'));
    expect(state.members.get(bob.id)).toMatchObject({
      id: bob.id,
      username: bob.username,
      status: 'idle',
      roleIds: [],
    });
  });

  it('follows the guild itself', () => {
    const state = stateOf(alice);
    applyEvent(state, { type: 'guild.unavailable', guildId: guild, data: {} });
    expect(state).toMatchObject({ available: false, members: new Map([[alice.id, alice]]) });
    applyEvent(state, {
      type: 'guild.updated',
      guildId: guild,
      data: { guild: { name: 'City', iconUrl: 'https://x/i' } },
    });
    expect(state).toMatchObject({ name: 'City', iconUrl: 'https://x/i', available: true });
    applyEvent(state, { type: 'guild.removed', guildId: guild, data: {} });
    expect(state).toMatchObject({ available: false, members: new Map() });
  });

  it('leaves the objects it was given as they were', () => {
    const given = structuredClone(alice);
    const state = stateOf(given);
    applyEvent(state, presenceOf(guild, alice, 'offline'));
    expect(given).toEqual(alice);
  });

  it('comes to the same from any newer start, when all events are applied in order again', () => {
    const life: NewDomainEvent[] = [
      presenceOf(guild, alice, 'dnd'),
      joinOf(guild, bob),
      messageOf(guild, bob, 'hello'),
      leaveOf(guild, alice),
      { type: 'member.updated', guildId: guild, data: { member: { ...bob, displayName: 'Bobby' }, previous: {} } },
      { type: 'guild.updated', guildId: guild, data: { guild: { name: 'City', iconUrl: null } } },
      presenceOf(guild, { ...bob, displayName: 'Bobby' }, 'idle'),
      joinOf(guild, alice),
      leaveOf(guild, bob),
    ];
    const end = stateOf(alice);
    for (const event of life) applyEvent(end, event);
    for (let start = 0; start <= life.length; start += 1) {
      const state = stateOf(alice);
      for (const event of life.slice(0, start)) applyEvent(state, event);
      // The replay begins at the first event, though the state holds `start` of them.
      for (const event of life) applyEvent(state, event);
      expect(plain(state), `replayed over ${start}`).toEqual(plain(end));
    }
  });
});
