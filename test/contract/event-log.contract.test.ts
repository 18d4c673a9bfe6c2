import { describe, expect, it, vi } from 'vitest';
import { parseCursor } from '../../src/domain/cursor.js';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { type EventLog } from '../../src/event-log/event-log.js';
import { GatedLog } from '../../src/event-log/gated-log.js';
import { MemoryEventLog, type MemoryEventLogOptions } from '../../src/event-log/memory-event-log.js';
import { PresenceCoalescer } from '../../src/event-log/presence-coalescer.js';
import { memberOf, messageOf, presenceOf } from '../support/events.js';

const guild = '100000000000000001';
const other = '100000000000000002';
const alice = memberOf('200000000000000001');

/** One line for each implementation. */
const implementations: Record<string, (options: MemoryEventLogOptions) => EventLog> = {
  memory: (options) => new MemoryEventLog(options),
  'memory, behind an open gate': (options) => new GatedLog(new MemoryEventLog(options)),
  'memory, with presences held back': (options) => new GatedLog(new PresenceCoalescer(new MemoryEventLog(options), 5)),
};

describe.each(Object.entries(implementations))('event log: %s', (_name, create) => {
  const make = (options: Partial<MemoryEventLogOptions> = {}) =>
    create({ historySize: 100, historyAge: 60_000, ...options });
  const say = (text: string, guildId = guild) => messageOf(guildId, alice, text);

  it('counts the events of each guild from 1, without gaps, in one epoch', async () => {
    const log = make();
    const cursors = [await log.append(say('a')), await log.append(say('b', other)), await log.append(say('c'))];
    const places = cursors.map((event) => parseCursor(event.cursor));
    expect(places.map((place) => place?.offset)).toEqual([1, 1, 2]);
    expect(new Set(places.map((place) => place?.epoch)).size).toBe(1);
    expect(await log.position(guild)).toBe(cursors[2]?.cursor);
  });

  it('stands at offset 0 before the first event, and resumes from there', async () => {
    const log = make();
    const start = await log.position(guild);
    expect(parseCursor(start)?.offset).toBe(0);
    expect(await log.since(guild, start)).toEqual([]);
    const event = await log.append(say('first'));
    expect(await log.since(guild, start)).toEqual([event]);
  });

  it('gives every event after a cursor, in order, of that guild alone', async () => {
    const log = make();
    await log.append(say('1'));
    const from = await log.position(guild);
    await log.append(say('elsewhere', other));
    const missed = [await log.append(say('2')), await log.append(presenceOf(guild, alice, 'idle'))];
    expect(await log.since(guild, from)).toEqual(missed);
    expect(await log.since(guild, missed[1]?.cursor)).toEqual([]);
  });

  it('says so when it cannot tell: other epoch, future, garbage, nothing', async () => {
    const log = make();
    const { cursor } = await log.append(say('1'));
    const epoch = parseCursor(cursor)?.epoch ?? '';
    const strange = [
      'elsewhere:1',
      `${epoch}:2`,
      `${epoch}:-1`,
      `${epoch}:1.5`,
      `${epoch}:01`,
      '',
      ':',
      'x',
      5,
      null,
      {},
    ];
    for (const place of strange) expect(await log.since(guild, place), JSON.stringify(place)).toBeUndefined();
  });

  it('keeps no more than its bound, and no hole opens at the edge', async () => {
    const log = make({ historySize: 10 });
    const start = await log.position(guild);
    const all: DomainEvent[] = [];
    for (let n = 0; n < 40; n += 1) all.push(await log.append(say(String(n))));
    expect(await log.since(guild, start)).toBeUndefined();
    const resumable = await Promise.all(all.map((event) => log.since(guild, event.cursor)));
    const oldest = resumable.findIndex((missed) => missed !== undefined);
    expect(all.length - 1 - oldest).toBeGreaterThanOrEqual(10);
    expect(all.length - 1 - oldest).toBeLessThanOrEqual(13);
    for (let n = oldest; n < all.length; n += 1) expect(resumable[n]).toEqual(all.slice(n + 1));
  });

  it('forgets what is too old', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const log = make({ historyAge: 1_000 });
      const start = await log.position(guild);
      const old = await log.append(say('old'));
      vi.setSystemTime(Date.now() + 2_000);
      const young = await log.append(say('young'));
      expect(await log.since(guild, start)).toBeUndefined();
      expect(await log.since(guild, old.cursor)).toEqual([young]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('forgets a guild: who is at its end goes on, who is behind cannot', async () => {
    const log = make();
    const start = await log.position(guild);
    await log.append(say('secret'));
    const elsewhere = await log.append(say('elsewhere', other));
    const last = await log.append(say('last'));
    log.forget(guild);
    expect(await log.since(guild, start)).toBeUndefined();
    expect(await log.since(guild, last.cursor)).toEqual([]);
    const next = await log.append(say('next'));
    expect(parseCursor(next.cursor)?.offset).toBe(3);
    expect(await log.since(guild, last.cursor)).toEqual([next]);
    expect(await log.since(other, elsewhere.cursor)).toEqual([]);
    expect(log.size()).toBe(2);
  });

  it('breaks off: nobody goes on from a place given before, and everybody from one given after', async () => {
    const log = make();
    const start = await log.position(guild);
    const last = await log.append(say('last'));
    log.breakOff(guild);
    const from = await log.position(guild);
    for (const old of [start, last.cursor]) expect(await log.since(guild, old)).toBeUndefined();
    expect(await log.since(guild, from)).toEqual([]);
    const next = await log.append(say('next'));
    for (const old of [start, last.cursor]) expect(await log.since(guild, old)).toBeUndefined();
    expect(await log.since(guild, from)).toEqual([next]);
  });

  it('gives what it held back its place before it settles, forgets or breaks off', async () => {
    for (const act of ['settle', 'forget', 'breakOff'] as const) {
      const log = make();
      const heard: string[] = [];
      log.subscribe(({ type }) => heard.push(type));
      const appended = log.append(presenceOf(guild, alice, 'idle'));
      log[act](guild);
      expect(heard).toEqual(['presence.updated']);
      const { cursor } = await appended;
      expect(await log.since(guild, cursor)).toEqual(act === 'breakOff' ? undefined : []);
    }
  });

  it('tells every listener every event in the order of the log, also one that a listener appends', async () => {
    const log = make();
    const heard: Record<'first' | 'second', string[]> = { first: [], second: [] };
    log.subscribe((event) => {
      heard.first.push(event.cursor);
      if (event.type === 'message.created' && event.data.content === 'question') void log.append(say('answer'));
    });
    const end = log.subscribe((event) => heard.second.push(event.cursor));
    await log.append(say('question'));
    await vi.waitFor(() => expect(heard.second).toHaveLength(2));
    expect(heard.second).toEqual(heard.first);
    expect(heard.second.map((cursor) => parseCursor(cursor)?.offset)).toEqual([1, 2]);
    end();
    await log.append(say('unheard'));
    await vi.waitFor(() => expect(heard.first).toHaveLength(3));
    expect(heard.second).toHaveLength(2);
  });

  it('stamps events with the time in UTC', async () => {
    const { at } = await make().append(say('when'));
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});
