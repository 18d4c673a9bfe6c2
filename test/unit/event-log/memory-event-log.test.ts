import { afterEach, expect, it, vi } from 'vitest';
import { parseCursor } from '../../../src/domain/cursor.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { memberOf, messageOf } from '../../support/events.js';

const silent = '100000000000000001';
const lively = '100000000000000002';
const alice = memberOf('200000000000000001');

afterEach(() => vi.useRealTimers());

it('lets go of the events of a guild that fell silent, and never gives a place twice', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const log = new MemoryEventLog({ historySize: 100, historyAge: 60_000 });
  const { cursor } = await log.append(messageOf(silent, alice, 'one'));
  await log.append(messageOf(silent, alice, 'two'));
  expect(log.size()).toBe(2);
  vi.setSystemTime(Date.now() + 61_000);
  await log.append(messageOf(lively, alice, 'elsewhere'));
  expect(log.size()).toBe(1);
  expect(await log.since(silent, cursor)).toBeUndefined();
  const next = await log.append(messageOf(silent, alice, 'three'));
  expect(parseCursor(next.cursor)?.offset).toBe(3);
});
