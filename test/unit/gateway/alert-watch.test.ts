import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { AlertWatch } from '../../../src/gateway/alert.watch.js';
import { GuildDirectory } from '../../../src/gateway/guild-directory.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { type AlertRuleStore } from '../../../src/guilds/alert-rule.store.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../../support/events.js';
import { FiltersInMemory } from './filters-in-memory.js';
import { chainOf, ListedProvider, settingsOf } from './gateway-parts.js';
import { RulesInMemory } from './rules-in-memory.js';

const guildId = '100000000000000001';
const [ada, bob, eve] = ['200000000000000001', '200000000000000002', '200000000000000003'].map((id) => memberOf(id));

let log: MemoryEventLog;
let rules: RulesInMemory;
let rooms: GuildRooms;
let watch: AlertWatch;
let broken: boolean;
let settings: { guildId: string; enabled: boolean }[];
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  log = new MemoryEventLog({ historySize: 1_000, historyAge: 60_000 });
  rules = new RulesInMemory();
  broken = false;
  settings = [];
  told = [];
  const answer = () => (broken ? Promise.reject(new Error('broken')) : Promise.resolve());
  const chain = chainOf([new ListedProvider(guildId, [ada!, bob!], { answer })], 1_000);
  rooms = new GuildRooms(log, chain, FiltersInMemory.make());
  const directory = new GuildDirectory(chain, settingsOf(settings));
  // As the broadcaster does it.
  log.subscribe((event) => {
    rooms.apply(event);
    if (event.type === 'guild.removed') rooms.close(event.guildId);
    if (event.type !== 'announcement.created') return;
    const { alert } = event.data.data as { alert: { rule: string; state: string; value: number } };
    told.push(`${alert.rule} ${alert.state} at ${alert.value}`);
  });
  watch = new AlertWatch(rules as unknown as AlertRuleStore, directory, rooms, log);
});
afterEach(async () => {
  await watch.beforeApplicationShutdown();
  rooms.onApplicationShutdown();
  vi.useRealTimers();
});

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);
async function start(): Promise<void> {
  watch.onApplicationBootstrap();
  await seconds(0);
}

describe('a guild with alert rules', () => {
  it('is watched without visitors, and its room is kept', async () => {
    rules.add(guildId, 'two', { figure: 'members', above: 1 });
    await start();
    const room = rooms.peek(guildId);
    expect(room).toBeDefined();
    await seconds(1);
    expect(told).toEqual(['two raised at 2']);
    await seconds(3_600);
    expect(rooms.peek(guildId)).toBe(room);
    expect(told).toHaveLength(1);
  });

  it('is let go of when it has none any more, and none that are switched off count', async () => {
    const rule = rules.add(guildId, 'two', { figure: 'members', above: 1, enabled: false });
    await start();
    await seconds(60);
    expect(rooms.peek(guildId)).toBeUndefined();
    expect(watch.standing(rule)).toEqual({ state: 'off', value: null });
    rule.enabled = true;
    await seconds(4);
    expect(told).toEqual(['two raised at 2']);
    rules.rows = [];
    await seconds(1_200);
    expect(rooms.peek(guildId)).toBeUndefined();
  });

  it('is not watched while it is not shown', async () => {
    const rule = rules.add(guildId, 'two', { figure: 'members', above: 1 });
    settings.push({ guildId, enabled: false });
    await start();
    await seconds(60);
    expect([told, rooms.peek(guildId)]).toEqual([[], undefined]);
    expect(watch.standing(rule)).toEqual({ state: 'armed', value: null });
  });

  it('hears of an alert with the event that led to it, and with at most one such look a second', async () => {
    rules.add(guildId, 'three', { figure: 'members', above: 2, rearm: 2 });
    await start();
    await vi.advanceTimersByTimeAsync(1_100);
    await log.append(joinOf(guildId, eve!));
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['three raised at 3']);
    for (let count = 0; count < 100; count += 1) {
      await log.append(leaveOf(guildId, eve!));
      await log.append(joinOf(guildId, eve!));
    }
    expect([told.length, rules.turns]).toEqual([1, 1]);
  });

  it('is not made to say more by what it says', async () => {
    rules.add(guildId, 'three', { figure: 'members', above: 2, rearm: 2 });
    rules.add(guildId, 'chatty', { figure: 'messagesPerMinute', above: 0 });
    await start();
    await seconds(1);
    for (let count = 0; count < 5; count += 1) {
      await log.append({ type: 'announcement.created', guildId, data: { data: { alert: {} } } });
      await seconds(1);
    }
    expect(rules.turns).toBe(0);
  });

  it('tells that an alert is cleared, if it is asked to', async () => {
    rules.add(guildId, 'loud', { figure: 'online', below: 2, rearm: 2, tellCleared: true, data: { text: 'x' } });
    rules.add(guildId, 'quiet', { figure: 'online', below: 2, rearm: 2 });
    await start();
    await seconds(1);
    await log.append(presenceOf(guildId, ada!, 'offline'));
    await seconds(2);
    await log.append(presenceOf(guildId, ada!, 'idle'));
    await seconds(2);
    await log.append(presenceOf(guildId, ada!, 'offline'));
    await seconds(2);
    expect(told).toEqual([
      'loud raised at 1',
      'quiet raised at 1',
      'loud cleared at 2',
      'loud raised at 1',
      'quiet raised at 1',
    ]);
  });

  it('may be beyond a threshold for a while first, which the timer notices', async () => {
    const rule = rules.add(guildId, 'patient', { figure: 'members', above: 2, forSeconds: 10 });
    await start();
    await log.append(joinOf(guildId, eve!));
    await seconds(9);
    expect(watch.standing(rule)).toEqual({ state: 'pending', value: 3 });
    await log.append(leaveOf(guildId, eve!));
    await seconds(2);
    expect(watch.standing(rule)).toEqual({ state: 'armed', value: 2 });
    await log.append(joinOf(guildId, eve!));
    await seconds(9);
    expect(told).toEqual([]);
    await seconds(2);
    expect(told).toEqual(['patient raised at 3']);
    expect(watch.standing(rule)).toEqual({ state: 'raised', value: 3 });
  });

  it('begins to wait anew with a rule that is written anew', async () => {
    const rule = rules.add(guildId, 'patient', { figure: 'members', above: 1, forSeconds: 10 });
    await start();
    await seconds(9);
    rule.revision = 'another';
    await seconds(9);
    expect(told).toEqual([]);
    await seconds(3);
    expect(told).toEqual(['patient raised at 2']);
  });
});

describe('silence and messages', () => {
  it('counts the silence from the beginning, and from each message', async () => {
    const rule = rules.add(guildId, 'silent', { figure: 'silence', above: 30 });
    await start();
    await seconds(20);
    await log.append(messageOf(guildId, ada!, 'hello'));
    await seconds(30);
    expect(told).toEqual([]);
    await seconds(2);
    expect(told).toEqual(['silent raised at 31']);
    await log.append(messageOf(guildId, ada!, 'I am here'));
    await seconds(1);
    expect(watch.standing(rule)).toMatchObject({ state: 'armed' });
    await seconds(60);
    expect(told).toHaveLength(2);
  });

  it('does not take a beginning for a message: what is raised stays so until one comes', async () => {
    const rule = rules.add(guildId, 'silent', { figure: 'silence', above: 30 });
    rule.raised = true;
    await start();
    await seconds(120);
    expect(told).toEqual([]);
    await log.append(messageOf(guildId, ada!, 'hello'));
    await seconds(40);
    expect(told).toEqual(['silent raised at 31']);
  });

  it('does not take the first minute for a quiet one', async () => {
    const calm = rules.add(guildId, 'calm', { figure: 'messagesPerMinute', below: 3 });
    const busy = rules.add(guildId, 'busy', { figure: 'messagesPerMinute', above: 100 });
    busy.raised = true;
    await start();
    await seconds(55);
    expect([told, calm.raised, busy.raised]).toEqual([[], false, true]);
    await seconds(6);
    expect([told, busy.raised]).toEqual([['calm raised at 0'], false]);
    for (let count = 0; count < 101; count += 1) await log.append(messageOf(guildId, ada!, 'hello'));
    await seconds(1);
    expect(told).toEqual(['calm raised at 0', 'busy raised at 101']);
  });
});

describe('a guild whose source is not well', () => {
  it('raises nothing while it is unavailable, and what was said meanwhile is not known', async () => {
    rules.add(guildId, 'few', { figure: 'online', below: 2 });
    const rule = rules.add(guildId, 'silent', { figure: 'silence', above: 30 });
    rules.add(guildId, 'calm', { figure: 'messagesPerMinute', below: 1 });
    await start();
    await log.append(messageOf(guildId, ada!, 'hello'));
    await seconds(1);
    await log.append({ type: 'guild.unavailable', guildId, data: {} });
    await log.append(presenceOf(guildId, ada!, 'offline'));
    await seconds(600);
    expect(told).toEqual([]);
    expect(watch.standing(rule)).toEqual({ state: 'armed', value: null });
    await log.append({ type: 'guild.updated', guildId, data: { guild: { name: 'Guild', iconUrl: null } } });
    await seconds(2);
    expect(told).toEqual(['few raised at 1']);
    await seconds(27);
    expect(told).toHaveLength(1);
    await seconds(3);
    expect(told).toEqual(['few raised at 1', 'silent raised at 31']);
  });

  it('is watched as soon as its source answers', async () => {
    broken = true;
    rules.add(guildId, 'two', { figure: 'members', above: 1 });
    await start();
    await seconds(10);
    expect(rooms.peek(guildId)).toBeUndefined();
    broken = false;
    await seconds(60);
    expect(told).toEqual(['two raised at 2']);
  });

  it('is watched again after its room was ended', async () => {
    rules.add(guildId, 'three', { figure: 'members', above: 2 });
    await start();
    await log.append({ type: 'guild.removed', guildId, data: {} });
    expect(rooms.peek(guildId)).toBeUndefined();
    await seconds(4);
    await log.append(joinOf(guildId, eve!));
    await seconds(1);
    expect(told).toEqual(['three raised at 3']);
  });
});

it('an alert that cannot be raised is tried again with each look, while the figure is beyond', async () => {
  rules.add(guildId, 'three', { figure: 'members', above: 2, forSeconds: 2 });
  rules.away = true;
  await start();
  await log.append(joinOf(guildId, eve!));
  await seconds(10);
  expect(rules.turns).toBeGreaterThan(3);
  await log.append(leaveOf(guildId, eve!));
  await seconds(1);
  rules.away = false;
  await seconds(10);
  expect(told).toEqual([]);
  await log.append(joinOf(guildId, eve!));
  await seconds(3);
  expect(told).toEqual(['three raised at 3']);
});

describe('while the database takes its time', () => {
  let answer: () => void;
  beforeEach(async () => {
    rules.held = new Promise((resolve) => (answer = resolve));
    rules.add(guildId, 'two', { figure: 'members', above: 1 });
    await start();
    await seconds(10);
    await log.append(joinOf(guildId, eve!));
  });

  it('it is asked once, and the next time no sooner than it has answered', async () => {
    expect(rules.turns).toBe(1);
    answer();
    await seconds(10);
    expect([rules.turns, told]).toEqual([1, ['two raised at 2']]);
  });

  it('the end of the process waits for what is being raised', async () => {
    const ended = watch.beforeApplicationShutdown();
    answer();
    await ended;
    expect(told).toEqual(['two raised at 2']);
  });

  it('the end of the process does not wait for ever, and nothing is looked at afterwards', async () => {
    const ended = watch.beforeApplicationShutdown();
    await seconds(2);
    await ended;
    answer();
    await seconds(2);
    rules.rows[0]!.raised = false;
    await log.append(leaveOf(guildId, eve!));
    await seconds(10);
    expect(rules.turns).toBe(1);
  });
});
