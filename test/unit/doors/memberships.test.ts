import { describe, expect, it } from 'vitest';
import { type DiscordMembers } from '../../../src/discord/discord-members.js';
import { Memberships } from '../../../src/doors/memberships.js';

/** Answers when it is told to. */
class SlowMembers implements DiscordMembers {
  readonly asked: { id: string; answer: (is: boolean) => void; fail: () => void }[] = [];

  has(guildId: string, userId: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.asked.push({ id: `${guildId}:${userId}`, answer: resolve, fail: () => reject(new Error('away')) });
    });
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('Memberships', () => {
  it('asks once for all who want to know, and not again for a while', async () => {
    const members = new SlowMembers();
    const memberships = new Memberships(members, 60_000);
    const both = [memberships.has('g', 'u'), memberships.has('g', 'u')];
    await settled();
    expect(members.asked.map(({ id }) => id)).toEqual(['g:u']);
    members.asked[0]!.answer(true);
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(await memberships.has('g', 'u')).toBe(true);
    expect(members.asked).toHaveLength(1);
    void memberships.has('g', 'other');
    void memberships.has('h', 'u');
    await settled();
    expect(members.asked.slice(1).map(({ id }) => id)).toEqual(['g:other', 'h:u']);
  });

  it('keeps no failure', async () => {
    const members = new SlowMembers();
    const memberships = new Memberships(members, 60_000);
    const first = memberships.has('g', 'u');
    await settled();
    members.asked[0]!.fail();
    await expect(first).rejects.toThrow('away');
    const second = memberships.has('g', 'u');
    await settled();
    members.asked[1]!.answer(false);
    expect(await second).toBe(false);
  });

  it('asks again once somebody left, also when the former question is answered afterwards', async () => {
    const members = new SlowMembers();
    const memberships = new Memberships(members, 60_000);
    const before = memberships.has('g', 'u');
    await settled();
    memberships.forget('g', 'u');
    const after = memberships.has('g', 'u');
    await settled();
    expect(members.asked).toHaveLength(2);
    members.asked[1]!.answer(false);
    expect(await after).toBe(false);
    members.asked[0]!.answer(true);
    expect(await before).toBe(true);
    // What was asked before the leave is not remembered.
    expect(await memberships.has('g', 'u')).toBe(false);
    memberships.forget('g', 'u');
    void memberships.has('g', 'u');
    await settled();
    expect(members.asked).toHaveLength(3);
  });

  it('asks no more than eight at once', async () => {
    const members = new SlowMembers();
    const memberships = new Memberships(members, 60_000);
    const all = Array.from({ length: 20 }, (_, n) => memberships.has('g', `u${n}`));
    for (let n = 0; n < 20; n += 1) {
      await settled();
      expect(members.asked.length).toBeLessThanOrEqual(8 + n);
      members.asked[n]!.answer(n % 2 === 0);
    }
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(10);
  });
});
