import { describe, expect, it } from 'vitest';
import { domainEvents, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { demoGuilds } from '../../../src/providers/mock/demo-guilds.js';
import { MockWorld } from '../../../src/providers/mock/mock-world.js';

const now = new Date('2026-01-01T00:00:00.000Z');
const steps = 2_000;

function live(world: MockWorld, count = steps): NewDomainEvent[] {
  return Array.from({ length: count }, () => world.step(now));
}

describe.each(demoGuilds.map((guild) => [guild.alias, guild] as const))('the demo world %s', (_alias, guild) => {
  it('lives the same life from the same seed, and another from another', () => {
    expect(live(new MockWorld(guild, 7))).toEqual(live(new MockWorld(guild, 7)));
    expect(live(new MockWorld(guild, 7))).not.toEqual(live(new MockWorld(guild, 8)));
  });

  it('is at every step the sum of its events, each in its promised shape', () => {
    const world = new MockWorld(guild, 7);
    const members = new Map(guild.members.map((member) => [member.id, member]));
    const state: GuildState = { name: guild.name, iconUrl: null, members, channels: new Map(), available: true };
    const seen = new Set<string>();
    for (let n = 0; n < steps; n += 1) {
      const event = world.step(now);
      seen.add(event.type);
      expect(event.guildId).toBe(guild.id);
      domainEvents[event.type].parse(event.data);
      // Nobody talks or changes who is not there, nobody comes twice.
      if (event.type === 'message.created') expect(state.members.has(event.data.author.id)).toBe(true);
      if (event.type === 'member.joined') expect(state.members.has(event.data.member.id)).toBe(false);
      if (event.type === 'member.left') expect(state.members.has(event.data.member.id)).toBe(true);
      if (event.type === 'presence.updated') {
        expect(state.members.get(event.data.member.id)?.status).toBe(event.data.previous);
        expect(event.data.status).not.toBe(event.data.previous);
      }
      applyEvent(state, event);
      if (n % 50 === 0) expect(world.present).toEqual([...state.members.values()]);
    }
    expect(seen).toEqual(new Set(['presence.updated', 'message.created', 'member.joined', 'member.left']));
  });

  it('keeps its residents, and begins with them as guides know them', () => {
    const world = new MockWorld(guild, 7);
    expect(world.present).toEqual(guild.members);
    live(world);
    const present = new Set(world.present.map(({ id }) => id));
    for (const { id } of guild.members) expect(present.has(id)).toBe(true);
    expect(new MockWorld(guild, 7).present).toEqual(guild.members);
  });
});

it('lives at a bearable pace', () => {
  const world = new MockWorld(demoGuilds[0]!, 1);
  for (let n = 0; n < 500; n += 1) {
    const pause = world.pause();
    expect(pause).toBeGreaterThanOrEqual(1_500);
    expect(pause).toBeLessThanOrEqual(4_000);
  }
});
