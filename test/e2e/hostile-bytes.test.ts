import { constants, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { randomBytesOf } from '../support/random-bytes.js';
import { clientFrame, opcodes } from '../support/raw-frames.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { WebSocketClient } from '../support/websocket-client.js';

const metricsKey = 'hostile-metrics-key-0001';
const sio = '/socket.io/?EIO=4&transport=websocket';
const megabyte = 1_048_576;
/** The bit of a frame whose message is deflated. */
const deflated = 0x40;

/** `text` as the payload of a message of permessage-deflate. */
function packed(text: Buffer): Buffer {
  return deflateRawSync(text, { level: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** What a whole process does, in its memory and its log: so it is a process of its own. */
function useProgram(env: Record<string, string>): { program: GuildcastProcess } {
  const bench = {} as { program: GuildcastProcess };
  beforeAll(async () => {
    const keys = `metrics=${metricsKey},admin=hostile-admin-key-0001`;
    const usual = { API_KEYS: keys, MAX_CONNECTIONS_PER_ADDRESS: '3000', MOCK_PACE: '0' };
    bench.program = await startGuildcast({ env: { ...usual, ...env } });
  });
  afterAll(async () => {
    expect(await bench.program.stop()).toBe(0);
    // Nothing of it was anything that the program had not thought of.
    expect(bench.program.output()).not.toMatch(/"level":[56]0/);
  });
  return bench;
}

async function measure(url: string): Promise<{ memory: number; connections: number }> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${metricsKey}` } });
  const text = await response.text();
  const sum = (name: RegExp) => [...text.matchAll(name)].reduce((total, [, value]) => total + Number(value), 0);
  return {
    memory: sum(/^process_resident_memory_bytes (\S+)/gm),
    connections: sum(/^guildcast_connections\{.*\} (\S+)/gm),
  };
}

async function upgrade(url: string, path: string): Promise<RawSocket> {
  const socket = await RawSocket.open(url);
  socket.request(`GET ${path} HTTP/1.1`, ...upgradeHeaders, 'Sec-WebSocket-Extensions: permessage-deflate');
  await vi.waitFor(() => expect(socket.received).toContain('HTTP/1.1 101'), { interval: 2, timeout: 10_000 });
  return socket;
}

async function stillServes(url: string): Promise<void> {
  const client = await WebSocketClient.open(url);
  client.connect({ server: 'docs' });
  expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
  await client.close();
}

describe('a program that takes compressed messages', () => {
  const bench = useProgram({ PERMESSAGE_DEFLATE: 'on' });

  it.each(['/ws', sio])(
    'closes %s with 1009 on one that grows beyond its bound, and its memory stays',
    async (path) => {
      const { url } = bench.program;
      // Within the bound as it comes, and a thousand times as much inside.
      const bomb = packed(Buffer.alloc(60 * megabyte, ' '));
      expect(bomb.length).toBeLessThan(65_536);
      const clients = await Promise.all(Array.from({ length: 40 }, () => upgrade(url, path)));
      const before = (await measure(url)).memory;
      let most = 0;
      const frame = clientFrame(opcodes.text, bomb, { reserved: deflated });
      for (const client of clients) client.socket.write(frame);
      await vi.waitFor(
        async () => {
          most = Math.max(most, (await measure(url)).memory - before);
          // 1009 in a close frame.
          for (const { received } of clients) expect(received).toContain('\x88\x02\x03\xf1');
        },
        { interval: 5, timeout: 15_000 },
      );
      for (const client of clients) client.destroy();
      // Of 2 400 that all of them hold. What one run of the garbage collector leaves is far less than this.
      expect(most).toBeLessThan(300 * megabyte);
      await vi.waitFor(async () => expect((await measure(url)).connections).toBe(0));
      await stillServes(url);
    },
  );

  it.each(['/ws', sio])('counts what is inside of one in pieces on %s as well', async (path) => {
    const client = await upgrade(bench.program.url, path);
    const bomb = packed(Buffer.alloc(megabyte, ' '));
    const half = bomb.length >> 1;
    client.socket.write(clientFrame(opcodes.text, bomb.subarray(0, half), { reserved: deflated, final: false }));
    client.socket.write(clientFrame(opcodes.continuation, bomb.subarray(half)));
    await vi.waitFor(() => expect(client.received).toContain('\x88\x02\x03\xf1'));
    client.destroy();
  });

  it('takes one that fits, and closes with 1007 on one that is no deflate at all', async () => {
    const client = await upgrade(bench.program.url, '/ws');
    const ask = JSON.stringify({ type: 'connect', data: { server: 'docs', password: 'x'.repeat(60_000) } });
    client.socket.write(clientFrame(opcodes.text, packed(Buffer.from(ask)), { reserved: deflated }));
    // What was asked with comes back.
    await vi.waitFor(() => expect(client.received.length).toBeGreaterThan(60_000));
    client.socket.write(clientFrame(opcodes.text, 'nothing that could be inflated', { reserved: deflated }));
    await vi.waitFor(() => expect(client.received).toContain('\x88\x02\x03\xef'));
    client.destroy();
  });
});

describe('a program as it is without settings', () => {
  const bench = useProgram({});

  it.each(['/ws', sio])(
    'agrees to no compression on %s, and closes on a compressed message with 1002',
    async (path) => {
      const client = await upgrade(bench.program.url, path);
      expect(client.received.split('\r\n\r\n')[0]?.toLowerCase()).not.toContain('sec-websocket-extensions');
      client.socket.write(clientFrame(opcodes.text, packed(Buffer.from('{}')), { reserved: deflated }));
      await vi.waitFor(() => expect(client.received).toContain('\x88\x02\x03\xea'));
      client.destroy();
    },
  );

  it('outlives a thousand connections that say random bytes and vanish', async () => {
    const { url } = bench.program;
    const noise = randomBytesOf(1979);
    const heads = [
      '',
      'GET /api/v1/guilds HTTP/1.1\r\nHost: x\r\n',
      'POST /api/v1/notifications HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n',
      `GET /ws HTTP/1.1\r\n${upgradeHeaders.join('\r\n')}\r\n\r\n`,
      `GET ${sio} HTTP/1.1\r\n${upgradeHeaders.join('\r\n')}\r\n\r\n`,
    ];
    const before = (await measure(url)).memory;
    for (let round = 0; round < 20; round += 1) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => RawSocket.open(url)));
      for (const [index, { socket }] of clients.entries()) {
        socket.write(Buffer.concat([Buffer.from(heads[index % heads.length]!), noise(300)]));
        // Some are cut in the middle, the others go as they should and wait for an answer.
        if (index % 3 === 0) socket.resetAndDestroy();
        else socket.end();
      }
      const gone = () => clients.every(({ ended, socket }) => ended || socket.destroyed);
      await vi.waitFor(() => expect(gone()).toBe(true), { interval: 5, timeout: 10_000 });
      for (const client of clients) client.destroy();
    }
    await vi.waitFor(async () => expect((await measure(url)).connections).toBe(0));
    await stillServes(url);
    expect((await measure(url)).memory - before).toBeLessThan(150 * megabyte);
  });
});
