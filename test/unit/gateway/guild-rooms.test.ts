import { describe, expect, it } from 'vitest';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { joinOf, leaveOf, memberOf, presenceOf } from '../../support/events.js';
import { houseOf, ListedProvider } from './gateway-parts.js';

const guild = '100000000000000001';
const alice = memberOf('200000000000000001');
const bob = memberOf('200000000000000002');

/** A source that answers when it is told to, with what it knew when it was asked. */
function bench() {
  const log = new MemoryEventLog({ historySize: 100, historyAge: 60_000 });
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (answer = resolve));
  const provider = new ListedProvider(guild, [alice], { answer: () => asked });
  const { rooms } = houseOf(log, [provider]);
  log.subscribe((event) => void rooms.apply(event));
  return { log, rooms, provider, answer: () => answer() };
}

describe('rooms of guilds', () => {
  it('lays what happened while the source was asked over its answer, in order', async () => {
    const { log, rooms, answer } = bench();
    const opening = rooms.open(guild);
    await log.append(presenceOf(guild, alice, 'dnd'));
    await log.append(joinOf(guild, bob));
    answer();
    const room = await opening;
    expect(room.cursor).toBe(await log.position(guild));
    expect(room.memberCount).toBe(2);
    expect(room.onlineCount).toBe(2);
    await log.append(leaveOf(guild, bob));
    expect(room.has(bob.id)).toBe(false);
    expect(room.cursor).toBe(await log.position(guild));
  });

  it('asks the source once for all who come at the same time, and keeps the room', async () => {
    const { rooms, provider, answer } = bench();
    const opening = [rooms.open(guild), rooms.open(guild)];
    answer();
    const [first, second] = await Promise.all(opening);
    expect(first).toBe(second);
    expect(await rooms.open(guild)).toBe(first);
    expect(provider.loads).toBe(1);
  });

  it('opens no room for a guild that was removed while its source was asked', async () => {
    const { log, rooms, provider, answer } = bench();
    const opening = rooms.open(guild);
    // The source has been asked, and knew the guild.
    await expect.poll(() => provider.loads).toBe(1);
    await log.append({ type: 'guild.removed', guildId: guild, data: {} });
    answer();
    await expect(opening).rejects.toMatchObject({ code: 'guild.not_found' });
    expect(rooms.peek(guild)).toBeUndefined();
    // Back again: a fresh look, with everybody.
    expect((await rooms.open(guild)).memberCount).toBe(1);
  });

  it('remembers nothing of a failed opening', async () => {
    const { rooms, answer } = bench();
    answer();
    await expect(rooms.open('100000000000000009')).rejects.toMatchObject({ code: 'guild.not_found' });
    expect(rooms.peek('100000000000000009')).toBeUndefined();
  });

  it('takes no event twice', async () => {
    const { log, rooms, answer } = bench();
    answer();
    const room = await rooms.open(guild);
    const event = await log.append(presenceOf(guild, alice, 'idle'));
    expect(rooms.apply(event), 'the newest').toBeUndefined();
    await log.append(presenceOf(guild, alice, 'offline'));
    expect(rooms.apply(event), 'an older one').toBeUndefined();
    expect(room.onlineCount).toBe(0);
  });
});
