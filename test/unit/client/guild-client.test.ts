import { describe, expect, it, vi } from 'vitest';
import { joinOf, leaveOf, messageOf, presenceOf } from '../../support/events.js';
import { ada, at, bob, clientBench, entered, guildId, otherId, resumed } from './client-bench.js';

const bench = clientBench();

describe('a room', () => {
  it('is asked for once the connection is there, and shows its snapshot', () => {
    const room = bench.client.join('works', { key: 'k' });
    expect(bench.socket.questions).toEqual([]);
    bench.socket.arrive();
    expect(bench.socket.question).toMatchObject({ event: 'join', content: { guildId: 'works', auth: { key: 'k' } } });
    expect(room.guild).toBeUndefined();
    bench.socket.question.answer(entered('e:5'));
    expect(room.status).toEqual({ name: 'live' });
    expect(room.cursor).toBe('e:5');
    expect(room.guild).toMatchObject({ id: guildId, name: 'Works', alias: 'works', source: 'mock', available: true });
    expect([...(room.guild?.members.values() ?? [])]).toEqual([ada]);
  });

  it('applies events in order and tells each twice: by its type, then as an event', () => {
    const { room, events } = bench.liveRoom();
    const order: string[] = [];
    room.on('member.joined', ({ data, cursor }) => order.push(`${cursor} ${data.member.displayName}`));
    room.on('event', ({ type }) => order.push(`${type}, ${room.guild?.members.size}`));
    bench.send(at('e:6', joinOf(guildId, bob)));
    bench.send(at('e:6', joinOf(guildId, bob)));
    bench.send(at('e:7', presenceOf(guildId, ada, 'dnd')));
    bench.send(at('e:1', leaveOf(otherId, ada)));
    bench.socket.send('left', { guildId });
    bench.socket.send('error', null);
    expect(order).toEqual(['e:6 Bob', 'member.joined, 2', 'presence.updated, 2']);
    expect(events).toEqual(['e:6', 'e:7']);
    expect(room.guild?.members.get(ada.id)?.status).toBe('dnd');
    expect(room.cursor).toBe('e:7');
  });

  it('leaves when the server lets it out, whose word stands in no log, and asks for a new way in', () => {
    const { room, events } = bench.liveRoom();
    bench.send(at('e:6', joinOf(guildId, bob)));
    bench.send(at('e:6', { type: 'guild.removed', guildId, data: { reason: 'not-a-member' } }));
    expect(events).toEqual(['e:6', 'e:6']);
    expect(room.status.name).toBe('connecting');
    expect(bench.socket.question.content).toMatchObject({ guildId, cursor: undefined });
    bench.socket.question.answer({ error: { code: 'guild.guarded', message: 'No more.' } });
    expect(room.status).toMatchObject({ name: 'refused', fault: { code: 'guild.guarded' } });
  });

  it.each([
    ['a hole in the offsets', 'e:7'],
    ['another life of the log', 'f:6'],
  ])('asks for a fresh snapshot after %s, and takes nothing until it has come', (_name, cursor) => {
    const { room, joins, events, statuses } = bench.liveRoom();
    bench.send(at(cursor, joinOf(guildId, bob)));
    expect(bench.socket.question.content).toEqual({ guildId, cursor: undefined, auth: undefined });
    bench.send(at('e:6', joinOf(guildId, bob)));
    bench.socket.question.answer(entered('f:9'));
    bench.send(at('f:10', messageOf(guildId, ada, 'hello')));
    expect(joins.map(({ recovered }) => recovered)).toEqual([false, false]);
    expect(events).toEqual(['f:10']);
    expect(statuses.map(({ name }) => name)).toEqual(['live', 'connecting', 'live']);
    expect(room.guild?.members.size).toBe(1);
  });

  it('that the server ended is asked for anew, and takes its return for a new beginning', () => {
    const { room, events } = bench.liveRoom();
    bench.send(at('e:6', { type: 'guild.removed', guildId, data: {} }));
    expect(events).toEqual(['e:6']);
    expect(room.guild).toMatchObject({ available: false });
    expect(bench.socket.question.content.cursor).toBeUndefined();
    bench.socket.question.answer({ error: { code: 'guild.not_found', message: 'There is no such guild.' } });
    expect(room.status).toMatchObject({ name: 'refused', fault: { code: 'guild.not_found' } });
    vi.advanceTimersToNextTimer();
    bench.socket.question.answer(entered('e:9'));
    expect(room.guild).toMatchObject({ available: true });
  });
});

describe('a lost connection', () => {
  it('comes back after longer and longer waits, says when, and resumes at the cursor', () => {
    const { room, joins, events, statuses } = bench.liveRoom();
    const guild = room.guild;
    bench.send(at('e:6', joinOf(guildId, bob)));
    bench.socket.cut();
    for (const [tries, wait] of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000].entries()) {
      expect(bench.client.status).toEqual({ name: 'waiting', until: Date.now() + wait, fault: undefined });
      expect(room.status).toEqual(bench.client.status);
      vi.advanceTimersByTime(wait - 1);
      expect(bench.socket.tries).toBe(tries + 1);
      vi.advanceTimersByTime(1);
      expect(bench.socket.tries).toBe(tries + 2);
      expect(room.status).toEqual({ name: 'connecting' });
      if (tries < 6) bench.socket.fail();
    }
    bench.socket.arrive();
    expect(bench.socket.question.content).toMatchObject({ guildId, cursor: 'e:6' });
    bench.socket.question.answer(resumed('e:6'));
    bench.send(at('e:7', leaveOf(guildId, ada)));
    expect(joins.at(-1)).toEqual({ recovered: true, guild });
    expect(statuses.at(-1)).toEqual({ name: 'live' });
    expect(events).toEqual(['e:6', 'e:7']);
    expect([...(guild?.members.keys() ?? [])]).toEqual([bob.id]);

    bench.socket.cut();
    expect(bench.client.status).toMatchObject({ until: Date.now() + 500 });
  });

  it('starts anew when the server cannot resume it', () => {
    const { room, joins } = bench.liveRoom();
    const before = room.guild;
    bench.socket.cut();
    bench.client.retryNow();
    bench.socket.arrive();
    bench.socket.question.answer(entered('f:0'));
    expect(joins.at(-1)?.recovered).toBe(false);
    expect(room.guild).not.toBe(before);
    expect(room.cursor).toBe('f:0');
  });

  it('waits as long as the server says when it was sent away, and longer each time', () => {
    const fault = { code: 'service.unavailable', message: 'No room.', retryAfter: 5 };
    for (const wait of [5_500, 6_000, 7_000]) {
      bench.socket.arrive();
      bench.socket.send('error', { error: fault });
      bench.socket.cut();
      expect(bench.client.status).toEqual({ name: 'waiting', until: Date.now() + wait, fault });
      vi.advanceTimersByTime(wait);
    }
    bench.socket.arrive();
    vi.advanceTimersByTime(60_000);
    bench.socket.cut();
    expect(bench.client.status).toEqual({ name: 'waiting', until: Date.now() + 500, fault: undefined });
  });

  it('is assumed when an answer does not come', () => {
    const room = bench.client.join('works');
    bench.socket.arrive();
    vi.advanceTimersByTime(19_999);
    expect(bench.socket.connected).toBe(true);
    vi.advanceTimersByTime(1);
    expect(bench.socket.connected).toBe(false);
    expect(room.status.name).toBe('waiting');
  });

  it('leaves the tries to this client: bench.socket.io makes none of its own', () => {
    expect(bench.socket.options).toMatchObject({ reconnection: false, autoConnect: false, forceNew: true });
  });

  it('takes in rooms that are asked for meanwhile', () => {
    bench.socket.arrive();
    bench.socket.cut();
    const room = bench.client.join('works');
    expect(room.status).toEqual(bench.client.status);
    bench.client.retryNow();
    expect(room.status).toEqual({ name: 'connecting' });
    bench.socket.arrive();
    bench.socket.question.answer(entered('e:1'));
    expect(room.status).toEqual({ name: 'live' });
  });
});
