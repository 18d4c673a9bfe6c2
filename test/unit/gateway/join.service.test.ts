import { describe, expect, it } from 'vitest';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { Fault } from '../../../src/domain/fault.js';
import { GatedLog } from '../../../src/event-log/gated-log.js';
import { type Joined } from '../../../src/gateway/join.service.js';
import { ShownGate } from '../../../src/gateway/shown.gate.js';
import { memberOf, messageOf, presenceOf } from '../../support/events.js';
import { houseOf, ListedProvider, TurningLog } from './gateway-parts.js';

const guild = '100000000000000001';
const alice = memberOf('200000000000000001');

const say = (text: string) => messageOf(guild, alice, text);

describe('joining while the guild lives on', () => {
  // Each depth lets the event in at another turn of the microtask queue: before, inside and after the look at the log.
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('loses and doubles nothing at an event %i turns in', async (depth) => {
    const log = new TurningLog();
    const { rooms, joins } = houseOf(log, [new ListedProvider(guild, [alice])]);
    const live: DomainEvent[] = [];
    let inside = false;
    log.subscribe((event) => {
      if (rooms.apply(event) && inside) live.push(event);
    });
    await rooms.open(guild);
    const { cursor } = await log.append(say('known'));
    const missed = [await log.append(say('missed')), await log.append(presenceOf(guild, alice, 'idle'))];
    log.appendAfterLook(say('just now'), depth);

    let joined: Joined | undefined;
    await joins.join({ transport: 'sse', guild, cursor, credentials: {} }, (entered) => {
      joined = entered;
      inside = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const last = await log.append(say('later'));

    expect(joined?.recovered).toBe(true);
    const got = [...(joined?.recovered ? joined.missed : []), ...live];
    expect(got).toHaveLength(4);
    expect(got.slice(0, 2)).toEqual(missed);
    expect(got.at(-1)).toEqual(last);
    expect(got.map((event) => Number(event.cursor.split(':')[1]))).toEqual([2, 3, 4, 5]);
  });

  it('settles for a snapshot in a room that never stands still', async () => {
    const log = new TurningLog();
    const { rooms, joins } = houseOf(log, [new ListedProvider(guild, [alice])]);
    log.subscribe((event) => void rooms.apply(event));
    await rooms.open(guild);
    const { cursor } = await log.append(say('known'));
    log.appendAfterEveryLook(say('again'));
    let joined: Joined | undefined;
    await joins.join({ transport: 'sse', guild, cursor, credentials: {} }, (entered) => (joined = entered));
    expect(joined).toMatchObject({ recovered: false });
    expect(joined?.cursor).toBe(joined?.room.cursor);
  });

  it('hears nothing more of somebody who begins to hide between the look and the entry', async () => {
    const log = new TurningLog();
    const { rooms, joins, filters } = houseOf(log, [new ListedProvider(guild)]);
    new ShownGate(new GatedLog(log), rooms, filters);
    log.subscribe((event) => void rooms.apply(event));
    await rooms.open(guild);
    const cursor = await log.position(guild);
    // They are no member any more, so that no leave tells of it.
    await log.append(say('secret'));
    log.doAtLook(() => filters.hide(guild, alice.id));
    let joined: Joined | undefined;
    await joins.join({ transport: 'sse', guild, cursor, credentials: {} }, (entered) => (joined = entered));
    expect(joined).toMatchObject({ recovered: false });
    expect(JSON.stringify(joined)).not.toContain('secret');
  });

  it('does not enter a room that ended meanwhile', async () => {
    const log = new TurningLog();
    const { rooms, joins } = houseOf(log, [new ListedProvider(guild, [alice])]);
    const cursor = await log.position(guild);
    await rooms.open(guild);
    log.doAtLook(() => rooms.close(guild));
    let entered = false;
    const joining = joins.join({ transport: 'sse', guild, cursor, credentials: {} }, () => (entered = true));
    await expect(joining).rejects.toMatchObject({ code: 'guild.not_found' });
    await expect(joining).rejects.toBeInstanceOf(Fault);
    expect(entered).toBe(false);
  });
});
