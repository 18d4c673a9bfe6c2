import { describe, expect, it, vi } from 'vitest';
import { joinOf } from '../../support/events.js';
import { at, bob, clientBench, entered, guildId, otherId } from './client-bench.js';

const guarded = { code: 'guild.guarded', message: 'This guild is guarded.' };
const bench = clientBench();

describe('a refusal', () => {
  it('that needs somebody is final, and forgets what was shown', () => {
    const { room, statuses } = bench.liveRoom();
    bench.socket.cut();
    bench.client.retryNow();
    bench.socket.arrive();
    bench.socket.question.answer({ error: guarded });
    expect(room.status).toEqual({ name: 'refused', fault: guarded });
    expect([room.guild, room.cursor]).toEqual([undefined, undefined]);
    bench.client.retryNow();
    bench.socket.cut();
    bench.client.retryNow();
    bench.socket.arrive();
    expect(bench.socket.questions).toEqual([]);
    expect(statuses.filter(({ name }) => name === 'refused')).toHaveLength(1);
  });

  it('that may pass is tried again, not before the server says, and keeps the place', () => {
    const { room } = bench.liveRoom();
    bench.socket.cut();
    bench.client.retryNow();
    bench.socket.arrive();
    const fault = { code: 'rate.limited', message: 'Too many.', retryAfter: 40 };
    bench.socket.question.answer({ error: fault });
    expect(room.status).toEqual({ name: 'refused', fault, until: Date.now() + 40_500 });
    expect(room.guild?.members.size).toBe(1);
    vi.advanceTimersByTime(40_499);
    expect(bench.socket.questions).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(bench.socket.question.content).toMatchObject({ cursor: 'e:5' });
  });

  it('that may pass is tried at once when somebody asks for it', () => {
    const room = bench.client.join('works');
    bench.socket.arrive();
    bench.socket.question.answer({ error: { code: 'guild.unavailable', message: 'Not now.' } });
    bench.client.retryNow();
    bench.socket.question.answer(entered('e:1'));
    expect(room.status).toEqual({ name: 'live' });
  });

  it('waits on through a reconnection', () => {
    const room = bench.client.join('works');
    bench.socket.arrive();
    bench.socket.question.answer({ error: { code: 'rate.limited', message: 'Too many.', retryAfter: 40 } });
    bench.socket.cut();
    vi.advanceTimersByTime(500);
    bench.socket.arrive();
    expect(bench.socket.questions).toEqual([]);
    vi.advanceTimersByTime(39_999);
    expect(room.status.name).toBe('refused');
    vi.advanceTimersByTime(1);
    bench.socket.question.answer({ error: { code: 'guild.unavailable', message: 'Not now.' } });
    expect(room.status).toMatchObject({ name: 'refused', until: Date.now() + 1_000 });
    vi.advanceTimersByTime(1_000);
    bench.socket.question.answer(entered('e:1'));
    expect(room.status).toEqual({ name: 'live' });
  });

  it.each([
    undefined,
    'yes',
    {},
    { error: 'no' },
    { guildId, cursor: 'nonsense', recovered: true },
    { guildId, cursor: 'e:1', recovered: true },
    { guildId, cursor: 'e:1', recovered: false, snapshot: null },
    { guildId, cursor: 'e:1', recovered: false, snapshot: { guild: {} } },
  ])('is what the answer %j counts as', (answer) => {
    const room = bench.client.join('works');
    bench.socket.arrive();
    bench.socket.question.answer(answer);
    expect(room.status).toMatchObject({ name: 'refused', fault: { code: 'service.failed' } });
  });
});

describe('leaving', () => {
  it('tells the server, and the room is silent from then on', () => {
    const { room, events, statuses } = bench.liveRoom();
    room.leave();
    room.leave();
    expect(bench.socket.question).toMatchObject({ event: 'leave', content: { guildId } });
    bench.send(at('e:6', joinOf(guildId, bob)));
    expect(events).toEqual([]);
    expect(statuses.at(-1)).toEqual({ name: 'closed' });
    expect(room.guild?.members.size).toBe(1);
  });

  it('never runs beside a join: the server may take the two in any order', () => {
    const { room } = bench.liveRoom();
    room.leave();
    const again = bench.client.join('works');
    expect(bench.socket.question.event).toBe('leave');
    bench.socket.question.answer({ guildId });
    expect(bench.socket.question.event).toBe('join');
    const other = bench.client.join('docs');
    again.leave();
    expect(bench.socket.questions.map(({ event }) => event)).toEqual(['join', 'join']);
    bench.socket.questions[0]?.answer(entered('e:5'));
    bench.socket.question.answer(entered('e:1', otherId));
    expect(other.status).toEqual({ name: 'live' });
    expect(again.status).toEqual({ name: 'closed' });
    expect(bench.socket.question).toMatchObject({ event: 'leave', content: { guildId } });
  });

  it('of one of two rooms of the same guild leaves the other one in it', () => {
    const { room, events } = bench.liveRoom();
    const byId = bench.client.join(guildId);
    bench.socket.question.answer(entered('e:5'));
    byId.leave();
    expect(bench.socket.questions).toEqual([]);
    bench.send(at('e:6', joinOf(guildId, bob)));
    expect(events).toEqual(['e:6']);
    room.leave();
    expect(bench.socket.question.event).toBe('leave');
  });

  it('that was lost with its connection holds up nothing on the next one', () => {
    const { room } = bench.liveRoom();
    room.leave();
    bench.socket.cut();
    bench.client.retryNow();
    bench.socket.arrive();
    const again = bench.client.join('works');
    bench.socket.question.answer(entered('e:5'));
    expect(again.status).toEqual({ name: 'live' });
    again.leave();
    expect(bench.socket.question.event).toBe('leave');
  });

  it('is tried again when the server refuses it', () => {
    const { room } = bench.liveRoom();
    room.leave();
    bench.socket.question.answer({ error: { code: 'rate.limited', message: 'Too many.' } });
    bench.client.join('docs');
    bench.socket.question.answer(entered('e:1', otherId));
    expect(bench.socket.question).toMatchObject({ event: 'leave', content: { guildId } });
  });

  it('by a listener ends what the others listen to', () => {
    const { room } = bench.liveRoom();
    const heard: string[] = [];
    room.on('member.joined', () => room.leave());
    room.on('event', ({ type }) => heard.push(type));
    bench.send(at('e:6', joinOf(guildId, bob)));
    expect(heard).toEqual([]);
  });

  it('stops a listener that is taken away', () => {
    const { room } = bench.liveRoom();
    const heard = vi.fn();
    const off = room.on('event', heard);
    off();
    bench.send(at('e:6', joinOf(guildId, bob)));
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('closing', () => {
  it.each([
    ['while connecting', () => undefined],
    ['while an answer is awaited', () => bench.socket.arrive()],
    ['while live', () => (bench.socket.arrive(), bench.socket.question.answer(entered('e:1')))],
    ['while waiting for the next try', () => (bench.socket.arrive(), bench.socket.cut())],
    [
      'while a refused room waits',
      () => {
        bench.socket.arrive();
        bench.socket.question.answer({ error: { code: 'guild.unavailable', message: 'Not now.' } });
      },
    ],
  ])('%s leaves no timer, no connection and no room', (_name, prepare) => {
    const room = bench.client.join('docs');
    prepare();
    const statuses: string[] = [];
    bench.client.on('status', ({ name }) => statuses.push(name));
    bench.client.close();
    bench.client.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(bench.socket.connected).toBe(false);
    expect(statuses).toEqual(['closed']);
    expect(room.status).toEqual({ name: 'closed' });
    bench.client.retryNow();
    expect(bench.socket.tries).toBe(1);
    expect(() => bench.client.join('works')).toThrow('closed');
  });
});
