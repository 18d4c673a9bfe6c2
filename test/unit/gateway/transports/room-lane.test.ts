import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, type LaneMember, RoomLane } from '../../../../src/gateway/transports/room-lane.js';
import { webSocketFrame } from '../../../../src/gateway/transports/web-socket-frame.js';

class Member implements LaneMember {
  readonly writes: string[] = [];
  constructor(private readonly onWrite: () => void = () => undefined) {}
  write(joined: Buffer, frames: readonly Frame[]): void {
    expect(joined.toString()).toBe(frames.map(({ text }) => text).join(''));
    this.writes.push(joined.toString());
    this.onWrite();
  }
}

const frame = (text: string): Frame => ({ bytes: Buffer.from(text), text });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a lane', () => {
  it('sends all frames of a turn in one write, to everybody the same buffer', async () => {
    const lane = new RoomLane<Member>();
    const members = [new Member(), new Member()];
    for (const member of members) lane.enter(member);
    for (const text of 'abc') lane.push(frame(text));
    expect(members[0]?.writes).toEqual([]);
    await turn();
    lane.push(frame('d'));
    await turn();
    for (const { writes } of members) expect(writes).toEqual(['abc', 'd']);
  });

  it('gives a member who enters within a turn what comes after, and no more', async () => {
    const lane = new RoomLane<Member>();
    const [early, late] = [new Member(), new Member()];
    lane.enter(early);
    lane.push(frame('a'));
    lane.enter(late);
    lane.push(frame('b'));
    lane.push(frame('c'));
    await turn();
    expect([early.writes, late.writes]).toEqual([['abc'], ['bc']]);
    lane.push(frame('d'));
    await turn();
    expect([early.writes, late.writes]).toEqual([
      ['abc', 'd'],
      ['bc', 'd'],
    ]);
  });

  it('catches a member up before something else goes to it, once', async () => {
    const lane = new RoomLane<Member>();
    const [one, other] = [new Member(), new Member()];
    lane.enter(one);
    lane.enter(other);
    lane.push(frame('a'));
    lane.push(frame('b'));
    lane.catchUp(one);
    lane.catchUp(one);
    expect(one.writes).toEqual(['ab']);
    lane.push(frame('c'));
    await turn();
    expect([one.writes, other.writes]).toEqual([['ab', 'c'], ['abc']]);
    lane.catchUp(one);
    expect(one.writes).toHaveLength(2);
  });

  it('sends nothing to those who left, and loses nobody else through it', async () => {
    const lane = new RoomLane<Member>();
    const members = Array.from({ length: 5 }, () => new Member());
    for (const member of members) lane.enter(member);
    lane.push(frame('a'));
    for (const index of [0, 3]) lane.leave(members[index]!);
    lane.leave(members[3]!);
    await turn();
    expect(members.map(({ writes }) => writes.length)).toEqual([0, 1, 1, 0, 1]);
    expect(lane.size).toBe(3);
  });

  it('serves everybody once even when members leave while they are written to', async () => {
    const lane = new RoomLane<Member>();
    const members: Member[] = [];
    for (let n = 0; n < 6; n += 1) {
      const member: Member = new Member(() => n % 2 === 0 && lane.leave(member));
      members.push(member);
      lane.enter(member);
    }
    lane.push(frame('a'));
    await turn();
    lane.push(frame('b'));
    await turn();
    expect(members.map(({ writes }) => writes.join(''))).toEqual(['a', 'ab', 'a', 'ab', 'a', 'ab']);
  });

  it('serves everybody at most once, and all who stay, whoever a member takes along when it is cut', async () => {
    const names = [0, 1, 2, 3, 4];
    const groups = names.reduce<number[][]>((all, name) => [...all, ...all.map((group) => [...group, name])], [[]]);
    for (const cut of names) {
      for (const gone of groups) {
        const lane = new RoomLane<Member>();
        const members = names.map((name) => {
          return new Member(() => {
            if (name === cut) for (const other of gone) lane.leave(members[other]!);
          });
        });
        for (const member of members) lane.enter(member);
        lane.push(frame('a'));
        await turn();
        lane.push(frame('b'));
        await turn();
        for (const name of names) {
          const got = members[name]?.writes.join('');
          // Those who are taken along may have had the frame already, or not.
          if (gone.includes(name)) expect(['', 'a'], `${cut} takes ${gone.join()}: ${name}`).toContain(got);
          else expect(got, `${cut} takes ${gone.join()}: ${name}`).toBe('ab');
        }
      }
    }
  });

  it.each(['nobody', 'somebody'])(
    'gives those who enter while %s leaves in a write the frames after that',
    async (who) => {
      const lane = new RoomLane<Member>();
      const late = new Member();
      const first = new Member();
      const middle = new Member(() => {
        lane.enter(late);
        if (who === 'somebody') lane.leave(first);
      });
      const last = new Member();
      for (const member of [first, middle, last]) lane.enter(member);
      lane.push(frame('a'));
      await turn();
      lane.push(frame('b'));
      await turn();
      expect([middle, last, late].map(({ writes }) => writes.join(''))).toEqual(['ab', 'ab', 'b']);
    },
  );

  it('gives each member just the frames of its stay, in their order, whatever happens within and between turns', async () => {
    const member = fc.nat({ max: 5 });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('enter', 'catchUp', 'leave'), member }) },
      // A reader that is cut at its next write, and those who go with it.
      fc.record({ do: fc.constant('stall' as const), member, along: fc.subarray([0, 1, 2, 3, 4, 5]) }),
      { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const lane = new RoomLane<Member>();
        let pushed = 0;
        /** What each must have had once it is up to date; undefined when it is not in the room. */
        const due = new Map<number, number[]>();
        const got = new Map<number, number[]>();
        const stalled = new Map<number, readonly number[]>();
        /** Who was written to without being in the room. */
        const strays: number[] = [];
        const leave = (name: number) => {
          lane.leave(members[name]!);
          due.delete(name);
        };
        const members = [0, 1, 2, 3, 4, 5].map((name) => {
          const writes = new Member(() => {
            const written = writes.writes.splice(0).join('').split(';').filter(Boolean).map(Number);
            if (due.has(name)) got.get(name)?.push(...written);
            else strays.push(name);
            const along = stalled.get(name);
            stalled.delete(name);
            if (along) for (const other of [name, ...along]) leave(other);
          });
          return writes;
        });
        const settled = () => {
          expect(strays).toEqual([]);
          for (const [name, frames] of due) expect(got.get(name), `member ${name}`).toEqual(frames);
        };
        for (const step of [...steps, { do: 'turn' as const }]) {
          if (step.do === 'push') {
            pushed += 1;
            lane.push(frame(`${pushed};`));
            for (const frames of due.values()) frames.push(pushed);
          } else if (step.do === 'turn') {
            await turn();
            settled();
          } else if (step.do === 'stall') {
            stalled.set(step.member, step.along);
          } else if (step.do === 'leave') {
            leave(step.member);
          } else if (step.do === 'catchUp') {
            lane.catchUp(members[step.member]!);
            const frames = due.get(step.member);
            if (frames) expect(got.get(step.member)).toEqual(frames);
          } else if (!due.has(step.member)) {
            lane.enter(members[step.member]!);
            due.set(step.member, []);
            got.set(step.member, []);
          }
          expect(lane.size).toBe(due.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nothing of a turn in which nobody was there', async () => {
    const lane = new RoomLane<Member>();
    lane.push(frame('a'));
    await turn();
    const member = new Member();
    lane.enter(member);
    lane.push(frame('b'));
    await turn();
    expect(member.writes).toEqual(['b']);
  });
});

describe('a WebSocket frame', () => {
  it.each([
    ['', '8100'],
    ['hi', '81026869'],
  ])('of %j is %s', (text, bytes) => {
    expect(webSocketFrame(text).toString('hex')).toBe(bytes);
  });

  it.each([125, 126, 65_535, 65_536])('of %i bytes has the right head', (length) => {
    const frame = webSocketFrame('é'.repeat(Math.floor(length / 2)) + 'x'.repeat(length % 2));
    const [, mark = 0] = frame;
    const told = mark < 126 ? mark : mark === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
    expect(told).toBe(length);
    expect(frame.length).toBe(length + (mark < 126 ? 2 : mark === 126 ? 4 : 10));
  });
});
