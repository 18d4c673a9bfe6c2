import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../src/domain/guild-state.js';
import { type Member } from '../../src/domain/member.js';
import { statuses } from '../../src/domain/presence.js';
import { showsMember } from '../../src/domain/shown-filter.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../support/events.js';
import { eventFrames } from '../../src/gateway/dialects/d-zone.dialect.js';
import { guildId, ShownBench } from '../unit/gateway/shown-bench.js';

const runs = Number(process.env.PROPERTY_RUNS ?? 300);
const roles = ['300000000000000001', '300000000000000002'];
const channels = ['400000000000000001', '400000000000000002'];
const ids = [1, 2, 3, 4, 5].map((n) => `20000000000000000${n}`);

const id = fc.constantFrom(...ids);
const fields = fc.record({
  bot: fc.boolean(),
  roleIds: fc.subarray(roles),
  status: fc.constantFrom(...statuses),
  displayName: fc.constantFrom('Ada', 'Bob', 'Ada Lovelace'),
});
const decision = fc.record(
  {
    hideOffline: fc.boolean(),
    hideBots: fc.boolean(),
    ignoredUsers: fc.subarray(ids, { maxLength: 2 }),
    ignoredRoles: fc.subarray(roles),
    messages: fc.boolean(),
    channels: fc.option(fc.subarray(channels)),
  },
  { requiredKeys: [] },
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant('join' as const), id, fields }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('update' as const), id, fields }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('leave' as const), id }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('presence' as const), id, status: fc.constantFrom(...statuses) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('say' as const), id, channelId: fc.constantFrom(...channels) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('decide' as const), decision }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('hide' as const),
      users: fc.subarray(ids, { maxLength: 2 }),
      everywhere: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('close' as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('open' as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('away' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Somebody who follows the room by its events, from a snapshot on. */
interface Follower {
  state: GuildState;
  cursor: string;
}

/** What a d-zone client has drawn, by its frames alone. */
function draw(world: Map<string, string>, event: DomainEvent): void {
  for (const text of eventFrames(event)) {
    const frame = JSON.parse(text) as { type: string; data: { uid: string; status: string } };
    if (frame.type === 'presence') world.set(frame.data.uid, frame.data.status);
  }
}

class Run {
  private readonly bench = new ShownBench([]);
  private readonly world = new Map<string, string>();
  private present: Follower | undefined;
  private away: Follower | undefined;
  private hidden = { everywhere: [] as string[], here: [] as string[] };

  async play(steps: readonly Step[]): Promise<void> {
    await this.follow(steps).finally(() => this.bench.end());
  }

  private async follow(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.take(one);
      await this.check();
    }
    await this.enter();
    await this.check();
    await this.comeBack();
  }

  private async take(one: Step): Promise<void> {
    const { bench } = this;
    const known = 'id' in one ? (bench.truth.members.get(one.id) ?? memberOf(one.id)) : memberOf('1');
    if (one.act === 'join') await bench.say(joinOf(guildId, { ...known, ...one.fields }));
    if (one.act === 'leave') await bench.say(leaveOf(guildId, known));
    if (one.act === 'say') await bench.say(messageOf(guildId, known, `@Ada @Bob`, { channelId: one.channelId }));
    if (one.act === 'presence' && bench.truth.members.has(one.id))
      await bench.say(presenceOf(guildId, known, one.status));
    if (one.act === 'update' && bench.truth.members.has(one.id)) {
      const member: Member = { ...known, ...one.fields };
      await bench.say({ type: 'member.updated', guildId, data: { member, previous: {} } });
    }
    if (one.act === 'decide') bench.filters.decide(guildId, one.decision);
    if (one.act === 'hide') {
      this.hidden = one.everywhere ? { ...this.hidden, everywhere: one.users } : { ...this.hidden, here: one.users };
      bench.filters.hide(one.everywhere ? null : guildId, ...one.users);
    }
    if (one.act === 'close') {
      bench.rooms.close(guildId);
      this.away ??= this.present;
      this.present = undefined;
    }
    if (one.act === 'open') await this.enter();
    if (one.act === 'away' && this.present) {
      this.away = { cursor: this.present.cursor, state: structuredClone(this.present.state) };
    }
  }

  private async enter(): Promise<void> {
    const members = await this.bench.shown();
    const { cursor } = await this.bench.open();
    if (this.present) return;
    this.bench.told.length = 0;
    this.world.clear();
    for (const { id: uid, status } of members) this.world.set(uid, status);
    this.present = { state: stateOf(members), cursor };
  }

  /** Who follows the room sees what is true and shown; in no event is anybody else. */
  private async check(): Promise<void> {
    if (!this.present) return;
    const { bench, present, world } = this;
    const before = new Set(present.state.members.keys());
    for (const event of bench.told.splice(0)) {
      this.mustBeShown(event, before);
      expect(Number(event.cursor.split(':')[1])).toBe(Number(present.cursor.split(':')[1]) + 1);
      present.cursor = event.cursor;
      applyEvent(present.state, event);
      draw(world, event);
    }
    const expected = this.expected();
    expect(sorted(present.state)).toEqual(expected);
    expect(await bench.shown()).toEqual(expected);
    for (const { id: uid, status } of expected) expect(world.get(uid)).toBe(status);
    const drawn = [...world].filter(([, status]) => status !== 'offline').map(([uid]) => uid);
    expect(drawn.sort()).toEqual(expected.filter(({ status }) => status !== 'offline').map(({ id: uid }) => uid));
  }

  private mustBeShown(event: DomainEvent, before: ReadonlySet<string>): void {
    const filter = this.bench.filters.of(guildId);
    if (event.type === 'member.left' && filter) return expect(before).toContain(event.data.member.id);
    if (event.type === 'message.created') {
      const { author, channelId, content } = event.data;
      expect(filter?.hidden.has(author.id) ?? false).toBe(false);
      if (filter) expect(filter.messages && (filter.channels?.has(channelId) ?? true)).toBe(true);
      for (const member of this.bench.truth.members.values()) {
        if (filter?.hidden.has(member.id)) expect(content).not.toContain(`@${member.displayName}`);
      }
    }
  }

  /** Who was away gets there by what was missed, or is told to begin anew; and nobody who hides is in it. */
  private async comeBack(): Promise<void> {
    if (!this.away) return;
    const missed = await this.bench.log.since(guildId, this.away.cursor);
    if (missed === undefined) return;
    for (const event of missed) applyEvent(this.away.state, event);
    expect(sorted(this.away.state)).toEqual(this.expected());
    for (const hidden of [...this.hidden.everywhere, ...this.hidden.here])
      expect(JSON.stringify(missed)).not.toContain(hidden);
  }

  private expected(): Member[] {
    const filter = this.bench.filters.of(guildId);
    return sorted(this.bench.truth).filter((member) => !filter || showsMember(filter, member));
  }
}

function stateOf(members: readonly Member[]): GuildState {
  return {
    name: 'Town',
    iconUrl: null,
    available: true,
    channels: new Map(),
    members: new Map(members.map((member) => [member.id, member])),
  };
}

function sorted(state: GuildState): Member[] {
  return [...state.members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe('a room whose members come, change, hide and go while an operator decides', () => {
  it(
    'shows at every moment what is true and shown, to those inside and to those who come back',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), (steps) =>
          new Run().play(steps),
        ),
        { numRuns: runs },
      );
    },
  );
});
