import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cutOnceUnread, cutSocket } from '../../../../src/gateway/transports/cut-socket.js';

const server = createServer();
let writer: Socket;
let reader: Socket;
beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  reader = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  reader.pause();
  [writer] = (await once(server, 'connection')) as [Socket];
  writer.on('error', () => undefined);
});
afterEach(async () => {
  reader.destroy();
  writer.destroy();
  server.close();
  await once(server, 'close');
});

/** So many writes of a megabyte: some of them wait, since the system takes a few megabytes only. */
function fill(writes: number): unknown[] {
  const told: unknown[] = [];
  for (let n = 0; n < writes; n += 1) writer.write(Buffer.alloc(1_048_576), (error) => told.push(error ?? 'written'));
  return told;
}

describe('a connection that is cut', () => {
  it('says the same to every write that waited in it', async () => {
    const told = fill(64);
    cutSocket(writer);
    await vi.waitFor(() => expect(told).toHaveLength(64));
    expect(new Set(told.slice(-32))).toEqual(new Set([writer.errored]));
    expect(writer.errored).toBeInstanceOf(Error);
  });
});

describe('a connection that is cut once its reader takes nothing more', () => {
  it('ends when the reader has stopped', async () => {
    fill(64);
    cutOnceUnread(writer);
    await vi.waitFor(() => expect(writer.closed).toBe(true));
    expect(writer.errored).toBeInstanceOf(Error);
  });

  it('gives everything to a reader that is slow', async () => {
    fill(24);
    cutOnceUnread(writer);
    writer.end('the reason');
    let got = 0;
    let last = '';
    reader.on('data', (chunk: Buffer) => {
      got += chunk.length;
      last = chunk.toString('latin1').slice(-'the reason'.length);
      reader.pause();
    });
    // Longer than a reader that has stopped is given.
    const ended = once(reader, 'end');
    const reading = (async () => {
      while (!reader.readableEnded && !reader.destroyed) {
        reader.resume();
        await wait(5);
      }
    })();
    await Promise.race([ended, once(reader, 'close')]);
    await reading;
    expect([got, last]).toEqual([24 * 1_048_576 + last.length, 'the reason']);
  });
});
