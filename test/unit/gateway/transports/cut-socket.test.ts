import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { cutSocket } from '../../../../src/gateway/transports/cut-socket.js';

it('a connection that is cut says the same to every write that waited in it', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  reader.pause();
  const [writer] = (await once(server, 'connection')) as [Socket];
  writer.on('error', () => undefined);
  // More than the system takes for a reader that does not read.
  const told: unknown[] = [];
  for (let n = 0; n < 64; n += 1) writer.write(Buffer.alloc(1_048_576), (error) => told.push(error ?? 'written'));
  cutSocket(writer);
  await vi.waitFor(() => expect(told).toHaveLength(64));
  expect(new Set(told.slice(-32))).toEqual(new Set([writer.errored]));
  expect(writer.errored).toBeInstanceOf(Error);
  reader.destroy();
  server.close();
});
