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
