import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { PresenceCoalescer } from '../../../src/event-log/presence-coalescer.js';
import { memberOf, messageOf, presenceOf } from '../../support/events.js';

const guild = '100000000000000001';
const other = '100000000000000002';
const alice = memberOf('200000000000000001', { status: 'online' });
const bob = memberOf('200000000000000002', { status: 'online' });

describe('the presence coalescer', () => {
  let log: PresenceCoalescer;
  let heard: DomainEvent[];
  let coalesced: number;
  beforeEach(() => {
    vi.useFakeTimers();
    coalesced = 0;
    heard = [];
    log = new PresenceCoalescer(
      new MemoryEventLog({ historySize: 1_000, historyAge: 60_000 }),
      100,
      () => (coalesced += 1),
    );
    log.subscribe((event) => heard.push(event));
  });
  afterEach(() => void vi.useRealTimers());

  const told = () =>
    heard.map((event) =>
      event.type === 'presence.updated'
        ? `${event.data.member.id.at(-1)} ${event.data.previous} → ${event.data.status}`
        : event.type,
    );

  it('makes the changes of one member inside a window their latest, told from the first', async () => {
    const answers = [
      log.append(presenceOf(guild, alice, 'idle')),
      log.append(presenceOf(guild, { ...alice, status: 'idle' }, 'dnd')),
      log.append(presenceOf(guild, bob, 'offline')),
      log.append(presenceOf(guild, { ...alice, status: 'dnd' }, 'offline')),
    ];
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(told()).toEqual(['1 online → offline', '2 online → offline']);
    expect(coalesced).toBe(2);
    const placed = await Promise.all(answers);
    expect(placed.map(({ cursor }) => cursor)).toEqual(
      [heard[0], heard[0], heard[1], heard[0]].map((event) => event?.cursor),
    );
  });

  it('ends the window before any other event of the guild, and does not hold that one', () => {
    void log.append(presenceOf(guild, alice, 'idle'));
    void log.append(messageOf(guild, alice, 'one'));
    void log.append(messageOf(guild, alice, 'two'));
    void log.append(presenceOf(guild, alice, 'dnd'));
    expect(told()).toEqual(['1 online → idle', 'message.created', 'message.created']);
    vi.advanceTimersByTime(100);
    expect(told()).toHaveLength(4);
  });

  it('keeps guilds apart', () => {
    void log.append(presenceOf(guild, alice, 'idle'));
    void log.append(messageOf(other, alice, 'elsewhere'));
    expect(told()).toEqual(['message.created']);
  });

  it('waits no longer than the window, however long the changes go on', () => {
    for (let n = 0; n < 50; n += 1) {
      void log.append(presenceOf(guild, alice, n % 2 ? 'idle' : 'dnd'));
      vi.advanceTimersByTime(10);
    }
    expect(heard).toHaveLength(5);
  });

  it('leaves everything as it is with a window of 0', () => {
    const off = new PresenceCoalescer(new MemoryEventLog({ historySize: 10, historyAge: 60_000 }), 0);
    const at: string[] = [];
    off.subscribe((event) => at.push(event.type));
    for (const status of ['idle', 'dnd', 'online'] as const) void off.append(presenceOf(guild, alice, status));
    expect(at).toHaveLength(3);
  });

  it('gives what it holds its place when the application ends, and leaves no timer behind', () => {
    void log.append(presenceOf(guild, alice, 'idle'));
    void log.append(presenceOf(other, alice, 'idle'));
    log.onApplicationShutdown();
    expect(heard).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes 5000 changes a second of a large guild down to one for each member and window, and ends in the same state', () => {
    const people = Array.from({ length: 500 }, (_, n) => memberOf(`2000000000000${String(n).padStart(5, '0')}`));
    const last = new Map<string, string>();
    const statuses = ['online', 'idle', 'dnd', 'offline'] as const;
    for (let n = 0; n < 5_000; n += 1) {
      const person = people[(n * 7) % 50];
      const status = statuses[n % 4];
      if (!person || !status) throw new Error('no such person');
      last.set(person.id, status);
      void log.append(presenceOf(guild, person, status));
      if (n % 5 === 4) vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(100);
    // 50 people move in every one of the ten windows of this second.
    expect(heard.length).toBeLessThanOrEqual(50 * 11);
    const end = new Map<string, string>();
    for (const event of heard) if (event.type === 'presence.updated') end.set(event.data.member.id, event.data.status);
    expect(end).toEqual(last);
  });
});
