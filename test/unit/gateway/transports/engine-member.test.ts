import { describe, expect, it } from 'vitest';
import { Backlog } from '../../../../src/gateway/backlog.js';
import { type EngineConnection, EngineMember } from '../../../../src/gateway/transports/engine-member.js';
import { webSocketFrame } from '../../../../src/gateway/transports/web-socket-frame.js';

const bound = 1_000;

/** engine.io's side of a client that polls, as far as rooms write to it. */
class Poller {
  slow = 0;
  readonly conn: EngineConnection = {
    readyState: 'open',
    upgrading: false,
    writeBuffer: [],
    transport: { name: 'polling' },
    on: () => undefined,
  };
  private readonly member = new EngineMember(this, new Backlog(bound), () => (this.slow += 1));

  writeToEngine(data: string): void {
    this.conn.writeBuffer.push({ data });
  }

  /** What comes from its rooms. */
  write(...texts: string[]): void {
    this.member.write(
      Buffer.alloc(0),
      texts.map((text) => ({ text, bytes: webSocketFrame(text) })),
    );
  }

  /** Takes all that waits, as engine.io does: the queue begins anew. */
  poll(): number {
    return this.conn.writeBuffer.splice(0).length;
  }
}

const text = 'x'.repeat(100);

describe('a socket.io client that polls', () => {
  it('is slow, once, when more than the bound waits for it, which is dropped, and gets nothing more', () => {
    const poller = new Poller();
    for (let n = 0; n < 11; n += 1) poller.write(text);
    expect([poller.slow, poller.poll()]).toEqual([0, 11]);
    for (let n = 0; n < 11; n += 1) poller.write(text);
    expect(poller.slow).toBe(0);
    for (let n = 0; n < 3; n += 1) poller.write(text);
    expect([poller.slow, poller.poll()]).toEqual([1, 0]);
    poller.write(text);
    expect([poller.slow, poller.poll()]).toEqual([1, 0]);
  });

  it('is not slow as long as it takes what waits, however much that is in the end', () => {
    const poller = new Poller();
    for (let n = 0; n < 100; n += 1) {
      poller.write(...Array.from({ length: 9 }, () => text));
      // Now and then there is something of socket.io's own, or nothing.
      if (n % 3 === 0) poller.writeToEngine(text);
      expect(poller.poll()).toBe(n % 3 === 0 ? 10 : 9);
      if (n % 5 === 0) poller.write();
    }
    expect(poller.slow).toBe(0);
  });

  it('is slow also through what others than its rooms sent it', () => {
    const poller = new Poller();
    poller.write(text);
    for (let n = 0; n < 10; n += 1) poller.writeToEngine(text);
    poller.write(text);
    expect([poller.slow, poller.poll()]).toEqual([1, 0]);
  });
});
