import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerMalformedRequests } from '../../../src/rest/malformed-requests.js';
import { problem } from '../../../src/rest/problem.js';
import { RawSocket } from '../../support/raw-socket.js';

let server: Server;
let url: string;
const sockets: RawSocket[] = [];

beforeAll(async () => {
  server = createServer({ headersTimeout: 300, requestTimeout: 400, connectionsCheckingInterval: 50 });
  server.on('request', (request, response) => {
    if (request.url === '/stream') return void response.write('the first half');
    if (request.url === '/never') return;
    request.on('error', () => undefined);
    request.resume().on('end', () => response.end('fine'));
  });
  answerMalformedRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(options?: { halfOpen?: boolean }): Promise<RawSocket> {
  const socket = await RawSocket.open(url, options);
  sockets.push(socket);
  return socket;
}

/** The one answer of a connection that has ended, which must be problem details. */
async function refusal(client: RawSocket, status: number): Promise<unknown> {
  await vi.waitFor(() => expect(client.ended, client.received).toBe(true));
  const [head = '', body = ''] = client.received.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain('Content-Type: application/problem+json; charset=utf-8');
  expect(head).toContain('Cache-Control: no-store');
  expect(head).toContain('Connection: close');
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  const answer: unknown = JSON.parse(body);
  expect(problem.parse(answer)).toEqual(answer);
  return answer;
}

describe('requests that HTTP cannot read', () => {
  it.each([
    ['noise', '\x00\xff\xfe nothing that anybody would say\r\n\r\n'],
    ['a method of nobody', 'FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['another protocol', 'GET / SMTP/1.0\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a chunk that is none', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n'],
  ])('answers %s with 400', async (_name, bytes) => {
    const client = await open();
    client.socket.write(bytes, 'latin1');
    expect(await refusal(client, 400)).toMatchObject({ code: 'request.invalid', status: 400, instance: '' });
  });

  it('answers a head that is too long with 431, also when most of it is still on its way', async () => {
    const client = await open();
    client.socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(4_000_000)}\r\n\r\n`);
    expect(await refusal(client, 431)).toMatchObject({
      code: 'request.too_large',
      title: 'Request Header Fields Too Large',
    });
  });

  it('answers chunks that are mostly extensions with 413', async () => {
    const client = await open();
    client.request('POST / HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked');
    client.socket.write(`1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`);
    expect(await refusal(client, 413)).toMatchObject({ code: 'request.too_large' });
  });

  it.each([
    ['a head that never ends', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['a body that never ends', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc'],
    ['nothing at all', ''],
  ])('answers %s with 408', async (_name, bytes) => {
    const client = await open();
    if (bytes !== '') client.socket.write(bytes);
    expect(await refusal(client, 408)).toMatchObject({ code: 'request.invalid', title: 'Request Timeout' });
  });
});

/** Keeps no connection, so that the tests can count them. */
async function stillServes(): Promise<string> {
  return (await fetch(`${url}/fine`, { headers: { connection: 'close' } })).text();
}

describe('the connection of a malformed request', () => {
  const connected = () =>
    new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });

  it('ends also when the client goes on talking and never ends its side', async () => {
    const client = await open({ halfOpen: true });
    await vi.waitFor(async () => expect(await connected()).toBe(1));
    client.socket.write('nonsense\r\n\r\n');
    await vi.waitFor(() => expect(client.received).toContain('HTTP/1.1 400'));
    const talk = setInterval(() => client.socket.write('more nonsense\r\n\r\n'), 20);
    try {
      await vi.waitFor(async () => expect(await connected()).toBe(0));
    } finally {
      clearInterval(talk);
    }
    expect(client.received.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  });

  it('is cut without a word inside an answer that has begun', async () => {
    const client = await open();
    client.request('GET /stream HTTP/1.1', 'Host: x');
    await vi.waitFor(() => expect(client.received).toContain('the first half'));
    client.socket.write('nonsense\r\n\r\n');
    await vi.waitFor(() => expect(client.ended).toBe(true));
    expect(client.received.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(client.received).not.toContain('problem');
  });

  it('is answered in the place of a request that is still being handled', async () => {
    const client = await open();
    client.request('GET /never HTTP/1.1', 'Host: x');
    client.socket.write('nonsense\r\n\r\n');
    await refusal(client, 400);
  });

  it('costs the requests before it nothing, and others neither', async () => {
    const client = await open();
    client.request('GET /fine HTTP/1.1', 'Host: x');
    await vi.waitFor(() => expect(client.received).toContain('fine'));
    client.socket.write('nonsense\r\n\r\n');
    await vi.waitFor(() => expect(client.ended).toBe(true));
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK[^]*fineHTTP\/1\.1 400 Bad Request/);
    expect(await stillServes()).toBe('fine');
  });

  it('may be gone already', async () => {
    for (let n = 0; n < 20; n += 1) {
      const client = await open();
      client.socket.write('GET / HTTP/1.1\r\nHost');
      client.socket.resetAndDestroy();
    }
    await vi.waitFor(async () => expect(await connected()).toBe(0));
    expect(await stillServes()).toBe('fine');
  });
});
