import { describe, expect, it, vi } from 'vitest';
import { type CloseReason, closeReasons, closingFor, comesBack } from '../../../src/domain/closing.js';
import { joinOf } from '../../support/events.js';
import { at, bob, clientBench, entered, guildId, otherId, resumed } from './client-bench.js';

const bench = clientBench();
const reasons = Object.keys(closeReasons) as CloseReason[];
const returning = reasons.filter((reason) => comesBack(closeReasons[reason].code));
const final = reasons.filter((reason) => !returning.includes(reason));

function close(content: unknown): void {
  bench.socket.send('closing', content);
  if (bench.socket.connected) bench.socket.cut();
}

describe('a connection that the server ends for a while', () => {
  it.each(returning)('waits for its next try and says why: %s', (reason) => {
    const { room, joins } = bench.liveRoom();
    const closing = closingFor(reason);
    close(closing);
    expect(bench.client.status).toEqual({ name: 'waiting', until: Date.now() + 500, fault: undefined, closing });
    expect(room.status).toEqual(bench.client.status);
    vi.advanceTimersByTime(500);
    bench.socket.arrive();
    expect(bench.socket.question.content).toMatchObject({ guildId, cursor: 'e:5' });
    bench.socket.question.answer(resumed('e:5'));
    expect(joins.at(-1)?.recovered).toBe(true);
  });

  it.each([0, 0.25, 0.999])('comes back spread over the whole first wait, such as after %d of it', (share) => {
    bench.liveRoom();
    vi.mocked(Math.random).mockReturnValue(share);
    close(closingFor('shutdown'));
    expect(bench.client.status).toMatchObject({ until: Date.now() + share * 1_000 });
  });

  it('comes back no earlier than the server says, and spread even then', () => {
    bench.liveRoom();
    close(closingFor('service-full', 7));
    expect(bench.client.status).toMatchObject({ until: Date.now() + 7_500 });
    vi.advanceTimersByTime(7_499);
    expect(bench.socket.tries).toBe(1);
    vi.advanceTimersByTime(1);
    expect(bench.socket.tries).toBe(2);
  });

  it('waits as long as the longer of two words says', () => {
    bench.liveRoom();
    const fault = { code: 'service.unavailable', message: 'No room.', retryAfter: 9 };
    const closing = closingFor('service-full', 7);
    bench.socket.send('error', { error: fault });
    close(closing);
    expect(bench.client.status).toEqual({ name: 'waiting', until: Date.now() + 9_500, fault, closing });
  });

  it('waits longer and longer while it is sent away each time', () => {
    for (const wait of [500, 1_000, 2_000]) {
      bench.socket.arrive();
      close(closingFor('address-full'));
      expect(bench.client.status).toMatchObject({ until: Date.now() + wait, closing: { code: 3003 } });
      vi.advanceTimersByTime(wait);
    }
  });

  it('gives no reason for a try that fails later, and waits for no time that was said before', () => {
    bench.liveRoom();
    close(closingFor('shutdown', 5));
    vi.advanceTimersByTime(5_500);
    bench.socket.fail();
    expect(bench.client.status).toEqual({
      name: 'waiting',
      until: Date.now() + 1_000,
      fault: undefined,
      closing: undefined,
    });
  });

  it('gives a reason for the loss that it was said before, and for no other', () => {
    bench.liveRoom();
    close(closingFor('slow-consumer'));
    vi.advanceTimersByTime(500);
    bench.socket.arrive();
    bench.socket.question.answer(resumed('e:5'));
    bench.socket.cut();
    expect(bench.client.status).toMatchObject({ name: 'waiting', closing: undefined });
  });

  it('does not wait when somebody asks for a try', () => {
    const { room } = bench.liveRoom();
    close(closingFor('service-full', 3_600));
    bench.client.retryNow();
    bench.socket.arrive();
    bench.socket.question.answer(resumed('e:5'));
    expect(room.status).toEqual({ name: 'live' });
  });
});

describe('a connection that the server ends for good', () => {
  it.each(final)('is not tried again, and every room says why: %s', (reason) => {
    const { room, statuses } = bench.liveRoom();
    const closing = closingFor(reason);
    close(closing);
    const later = bench.client.join('docs');
    expect(bench.client.status).toEqual({ name: 'refused', closing });
    for (const status of [room.status, later.status, statuses.at(-1)]) expect(status).toEqual(bench.client.status);
    expect(vi.getTimerCount()).toBe(0);
    expect(bench.socket.tries).toBe(1);
    // What was last known stays on show.
    expect([room.guild?.members.size, room.cursor]).toEqual([1, 'e:5']);
  });

  it('is refused whatever the server says about a time', () => {
    bench.liveRoom();
    close(closingFor('flood', 5));
    expect(bench.client.status.name).toBe('refused');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes back by hand, and all rooms with it where they were', () => {
    const { room, statuses } = bench.liveRoom();
    close(closingFor('flood'));
    const docs = bench.client.join('docs');
    bench.client.retryNow();
    expect([bench.client.status, room.status, docs.status]).toEqual(Array(3).fill({ name: 'connecting' }));
    expect(bench.socket.tries).toBe(2);
    bench.socket.arrive();
    const [first, second] = bench.socket.questions;
    expect([first?.content.cursor, second?.content.guildId]).toEqual(['e:5', 'docs']);
    first?.answer(resumed('e:5'));
    second?.answer(entered('e:1', otherId));
    expect([room.status, docs.status]).toEqual(Array(2).fill({ name: 'live' }));
    expect(statuses.map(({ name }) => name)).toEqual(['live', 'refused', 'connecting', 'live']);
  });

  it('waits after a try by hand that fails, as after any loss', () => {
    bench.liveRoom();
    close(closingFor('flood'));
    bench.client.retryNow();
    bench.socket.fail();
    expect(bench.client.status).toMatchObject({ name: 'waiting', until: Date.now() + 500, closing: undefined });
    vi.advanceTimersByTime(500);
    bench.socket.arrive();
    close(closingFor('flood'));
    expect(bench.client.status.name).toBe('refused');
  });

  it.each(['cut', 'fail'] as const)('takes no further word of the socket for a loss: %s', (word) => {
    bench.liveRoom();
    close(closingFor('flood'));
    bench.socket[word]();
    expect(bench.client.status.name).toBe('refused');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has room for a room that was refused itself: it tries on its own time, and then says the same', () => {
    const room = bench.client.join('works');
    const guarded = bench.client.join('oauth');
    bench.socket.arrive();
    const fault = { code: 'guild.guarded', message: 'This guild is guarded.' };
    const [first, second] = bench.socket.questions;
    first?.answer({ error: { code: 'guild.unavailable', message: 'Not now.' } });
    second?.answer({ error: fault });
    close(closingFor('flood'));
    expect(room.status).toMatchObject({ name: 'refused', fault: { code: 'guild.unavailable' } });
    vi.advanceTimersByTime(500);
    expect(room.status).toEqual(bench.client.status);
    expect(guarded.status).toEqual({ name: 'refused', fault });
    bench.client.retryNow();
    bench.socket.arrive();
    expect(bench.socket.question.content).toMatchObject({ guildId: 'works' });
  });

  it('lets rooms be left and the client be closed', () => {
    const { room } = bench.liveRoom();
    const docs = bench.client.join('docs');
    bench.socket.questions[0]?.answer(entered('e:1', otherId));
    close(closingFor('silent'));
    docs.leave();
    expect(docs.status).toEqual({ name: 'closed' });
    bench.client.close();
    expect([bench.client.status, room.status]).toEqual([{ name: 'closed' }, { name: 'closed' }]);
    bench.client.retryNow();
    expect(bench.socket.tries).toBe(1);
  });
});

it.each([
  undefined,
  'flood',
  { code: 3503 },
  { code: 3599, reason: 'flood', message: 'x' },
  { code: 3999, reason: 'lunch', message: 'x', retryAfter: 5 },
  { code: 3001, reason: 'flood', message: 'x', retryAfter: 5 },
])('a closing message that is none, %j, is followed by a loss like any other', (content) => {
  bench.liveRoom();
  close(content);
  expect(bench.client.status).toMatchObject({ name: 'waiting', until: Date.now() + 500, closing: undefined });
});

it.each<CloseReason>(['shutdown', 'flood'])(
  'the connection is ended at once, and no word counts after %s',
  (reason) => {
    const { events } = bench.liveRoom();
    bench.socket.send('closing', closingFor(reason));
    expect(bench.socket.connected).toBe(false);
    bench.send(at('e:6', joinOf(guildId, bob)));
    bench.socket.send('closing', closingFor('address-full'));
    expect(bench.client.status).toHaveProperty('closing.reason', reason);
    expect(events).toEqual([]);
  },
);

it('rooms that a full service refuses before it says so wait for the connection, longer and longer', () => {
  const room = bench.client.join('works');
  const closing = closingFor('service-full', 5);
  for (const wait of [5_500, 6_000, 7_000]) {
    bench.socket.arrive();
    bench.socket.question.answer({ error: { code: 'service.unavailable', message: 'No room.', retryAfter: 5 } });
    expect(room.status).toHaveProperty('fault.code', 'service.unavailable');
    close(closing);
    expect(room.status).toEqual({ name: 'waiting', until: Date.now() + wait, fault: undefined, closing });
    vi.advanceTimersByTime(wait);
    expect(room.status).toEqual({ name: 'connecting' });
  }
  bench.socket.arrive();
  bench.socket.question.answer(entered('e:1'));
  expect(room.status).toEqual({ name: 'live' });
});

describe('a listener that acts at once', () => {
  it.each<CloseReason>(['shutdown', 'flood'])('has the rooms follow what it did, not what it heard: %s', (reason) => {
    const { room, statuses } = bench.liveRoom();
    let tries = 0;
    bench.client.on('status', ({ name }) => {
      if ((name === 'waiting' || name === 'refused') && tries++ === 0) bench.client.retryNow();
    });
    close(closingFor(reason));
    expect(statuses.map(({ name }) => name)).toEqual(['live', 'connecting']);
    bench.socket.arrive();
    bench.socket.question.answer(resumed('e:5'));
    expect(room.status).toEqual({ name: 'live' });
    expect(bench.socket.tries).toBe(2);
  });

  it('may close the client', () => {
    const { room } = bench.liveRoom();
    bench.client.on('status', () => bench.client.close());
    close(closingFor('shutdown', 5));
    expect([bench.client.status.name, room.status.name]).toEqual(['closed', 'closed']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
