import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Connections } from '../../src/gateway/connections.js';
import { problem } from '../../src/rest/problem.js';
import { randomBytesOf } from '../support/random-bytes.js';
import { clientFrame, opcodes } from '../support/raw-frames.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const sio = '/socket.io/?EIO=4&transport=websocket';
/** How deep. Larger than any stack would take, and still within the bound of a message. */
const depth = 100_000;
const deepList = '['.repeat(depth) + ']'.repeat(depth);
const deepObject = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Milliseconds: looks often, since these tests open many connections. */
const soon = { interval: 2, timeout: 5_000 };

let app: TestApp;
let connections: Connections;
const sockets: RawSocket[] = [];

beforeAll(async () => {
  app = await startTestApp({ MAX_FRAME_BYTES: '1048576', QUEUE_MAX_PAYLOAD_BYTES: '1048576' });
  connections = app.app.get(Connections);
});
afterAll(() => app.close());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await vi.waitFor(() => expect(connections.size, 'connections that are still counted').toBe(0));
});

async function upgrade(path: string): Promise<RawSocket> {
  const socket = await RawSocket.open(app.url);
  sockets.push(socket);
  socket.request(`GET ${path} HTTP/1.1`, ...upgradeHeaders);
  await vi.waitFor(() => expect(socket.received).toContain('HTTP/1.1 101'), soon);
  return socket;
}

/** An open socket.io socket, spoken to packet by packet. */
async function rawSocketIo(): Promise<RawSocket> {
  const socket = await upgrade(sio);
  socket.socket.write(clientFrame(opcodes.text, '40'));
  await vi.waitFor(() => expect(socket.received).toContain('40{"sid"'), soon);
  return socket;
}

async function stillServes(): Promise<void> {
  const client = await WebSocketClient.open(app.url);
  client.connect({ server: 'docs' });
  expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
  await client.close();
  const socketIo = await SocketIoClient.open(app.url);
  expect((await socketIo.ask('join', { guildId: 'docs' })).recovered).toBe(false);
  socketIo.close();
}

/** A close frame of the server with this code. */
const closed = (code: number) => `\x88\x02${String.fromCharCode(code >> 8, code & 0xff)}`;

function post(body: string): Promise<Response> {
  return fetch(`${app.url}/api/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKeys.publish}` },
    body,
  });
}

describe('text that is not UTF-8', () => {
  it.each([
    ['a lone byte', Buffer.from([0x22, 0xff, 0x22])],
    ['half a letter', Buffer.from([0x22, 0xc3, 0x22])],
    ['an overlong slash', Buffer.from([0xc0, 0xaf])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ])('is closed with 1007 on both kinds of WebSocket: %s', async (_name, bytes) => {
    for (const path of ['/ws', sio]) {
      const client = await upgrade(path);
      client.socket.write(clientFrame(opcodes.text, bytes));
      await vi.waitFor(() => expect(client.received, path).toContain(closed(1007)));
    }
  });

  it('is none where pieces of a message part a letter', async () => {
    const client = await upgrade('/ws');
    const bytes = Buffer.from('{"type":"connect","data":{"server":"docs","password":"ë🦊"}}');
    const middle = bytes.indexOf(0xc3) + 1;
    client.socket.write(clientFrame(opcodes.text, bytes.subarray(0, middle), { final: false }));
    client.socket.write(clientFrame(opcodes.continuation, bytes.subarray(middle)));
    await vi.waitFor(() => expect(Buffer.from(client.received, 'latin1').toString()).toContain('"password":"ë🦊"'));
  });
});

describe('JSON that is deeper than any stack', () => {
  it.each([
    ['the message itself', deepList, 'request.invalid'],
    ['an unknown type', `{"type":${deepList}}`, 'request.unknown_type'],
    ['the data', `{"type":"connect","data":${deepList}}`, 'request.invalid'],
    ['the server', `{"type":"connect","data":{"server":${deepObject}}}`, 'guild.not_found'],
    ['brackets that never close', '['.repeat(depth), 'request.invalid'],
  ])('is a typed error on WebSocket: %s', async (_name, text, code) => {
    const client = await WebSocketClient.open(app.url);
    client.send(text);
    expect((await client.nextOf('error')).data.code).toBe(code);
    // Where anything at all may stand, it stands for nothing.
    client.send(`{"type":"connect","data":{"server":"docs","resume":${deepList},"discordUser":${deepObject}}}`);
    expect((await client.nextOf('server-join')).data).toMatchObject({ serverName: 'Docs (WIP)', recovered: false });
    await client.close();
  });

  it('is a typed error on socket.io', async () => {
    const client = await SocketIoClient.open(app.url);
    const say = (text: string) => client.socket.io.engine.write(`2${text}`);
    for (const body of [`{"guildId":${deepList}}`, deepList]) say(`["join",${body}]`);
    await vi.waitFor(() => expect(client.errors).toHaveLength(2));
    for (const error of client.errors) expect(error).toMatchObject({ error: { code: 'request.invalid' } });
    // Where anything at all may stand, it stands for nothing.
    say(`["join",{"guildId":"docs","cursor":${deepObject},"auth":{"a":${deepList}}}]`);
    await vi.waitFor(() => expect(client.order).toEqual(['joined']));
    // A message by such a name is no packet.
    say(`[${deepList}]`);
    await vi.waitFor(() => expect(client.socket.connected).toBe(false));
    await stillServes();
  });

  it.each([
    ['the body', deepList],
    ['a payload', `{"target":{"userId":"123456789"},"type":"x","payload":${deepObject}}`],
    ['a list in a payload', `{"target":{"userId":"123456789"},"type":"x","payload":{"a":${deepList}}}`],
    ['a target', `{"target":${deepObject},"type":"x","payload":{}}`],
  ])('is a problem on HTTP: %s', async (_name, body) => {
    expect(problem.parse(await (await post(body)).json())).toMatchObject({ code: 'request.invalid', status: 400 });
  });
});

describe('names that JavaScript knows', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
  const nested = '{"__proto__":{"spoilt":true},"constructor":{"prototype":{"spoilt":true}},"prototype":{"spoilt":true}';
  const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype];
  let before: unknown;
  const present = () => prototypes.map((prototype) => Object.getOwnPropertyNames(prototype));
  beforeAll(() => (before = present()));
  afterEach(() => {
    expect({}).not.toHaveProperty('spoilt');
    expect(present()).toEqual(before);
  });

  it('are guilds, types and keys like any other on WebSocket', async () => {
    const client = await WebSocketClient.open(app.url);
    for (const name of names) {
      client.connect({ server: name });
      expect((await client.nextOf('error')).data.code, name).toBe('guild.not_found');
      client.send(JSON.stringify({ type: name, data: {} }));
      expect((await client.nextOf('error')).data.code, name).toBe('request.unknown_type');
    }
    client.send(`${nested},"type":"connect","data":${nested},"server":"docs","discordUser":${nested}}}}`);
    expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
    await client.close();
  });

  it('are guilds, messages and keys like any other on socket.io', async () => {
    const client = await SocketIoClient.open(app.url);
    for (const name of names) {
      expect((await client.ask('join', { guildId: name })).error?.code, name).toBe('guild.not_found');
      expect((await client.ask('leave', { guildId: name })).error, name).toBeUndefined();
      expect((await client.ask(name, {})).error?.code, name).toBe('request.unknown_type');
    }
    client.socket.io.engine.write(`2["join",${nested},"guildId":"docs","auth":${nested},"discordUser":${nested}}}}]`);
    client.socket.io.engine.write(`2["join",${nested},"guildId":"docs","auth":${nested}}}]`);
    // A user without a name is none; what is left of the other is a login of nobody.
    await vi.waitFor(() => expect(client.errors).toMatchObject([{ error: { code: 'request.invalid' } }]));
    await vi.waitFor(() => expect(client.order.filter((type) => type === 'joined')).toHaveLength(1));
    client.close();
  });

  it('are guilds, parameters and keys like any other on HTTP', async () => {
    for (const name of names) {
      expect((await fetch(`${app.url}/api/v1/guilds/${name}`)).status, name).toBe(404);
      expect((await fetch(`${app.url}/api/v1/guilds/${name}/events`)).status, name).toBe(404);
      const query = `cursor[${name}][spoilt]=1&limit[${name}]=1&${name}[spoilt]=1&${name}=1`;
      expect((await fetch(`${app.url}/api/v1/guilds/docs/events?${query}`)).status, name).toBeLessThan(500);
    }
    const response = await post(`{"target":{"userId":"123456789"},"type":"constructor","payload":${nested}}}`);
    expect([202, 400]).toContain(response.status);
  });
});

describe('garbage', () => {
  const noise = randomBytesOf(2026);

  it('in frames, well-formed and not, harms nobody else', async () => {
    for (let round = 0; round < 40; round += 1) {
      const client = round % 2 ? await upgrade('/ws') : await rawSocketIo();
      const bytes = noise(1 + ((round * 97) % 5_000));
      client.socket.write(clientFrame(round % 3 === 0 ? opcodes.binary : opcodes.text, bytes));
      client.socket.write(clientFrame(round % 16, noise(60), { final: round % 5 === 0, reserved: (round % 8) << 4 }));
      client.socket.write(bytes);
      if (round % 4 === 0) client.socket.resetAndDestroy();
    }
    await stillServes();
  });

  it('in the place of packets of socket.io harms nobody else, over polling too', async () => {
    for (let round = 0; round < 20; round += 1) {
      const hello = await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
      const { sid } = JSON.parse(hello.slice(1)) as { sid: string };
      const address = `${app.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      const answer = await fetch(address, { method: 'POST', body: new Uint8Array(noise(1 + round * 50)) });
      expect(answer.status).toBeLessThan(500);
      await fetch(address, { method: 'POST', body: '1' });
    }
    await stillServes();
  });

  it.each([
    ['an acknowledgement of no known number', '42999999999999999999999999["guilds"]', '"guilds":['],
    ['a message by a name of 100 000 letters', `421["${'x'.repeat(100_000)}"]`, 'request.unknown_type'],
    ['a message of no name', '421[]', undefined],
    ['a message with 10 000 parts', `421["guilds",${Array(10_000).fill('{}').join()}]`, '"guilds":['],
    ['a disconnect with content', '41{"a":1}', undefined],
    ['binary parts that never come', '452-1["guilds",{"_placeholder":true,"num":0}]', undefined],
    ['more binary parts than there may be', '4511-1["guilds",{"_placeholder":true,"num":0}]', undefined],
  ])('is answered or ended, packet by packet: %s', async (_name, packet, answer) => {
    const client = await rawSocketIo();
    client.socket.write(clientFrame(opcodes.text, packet));
    if (answer !== undefined) await vi.waitFor(() => expect(client.received).toContain(answer));
    // Whatever waited for more is not confused by another packet: it is answered, or the connection has ended.
    client.socket.write(clientFrame(opcodes.text, '4277["guilds"]'));
    await vi.waitFor(() => expect(client.received).toMatch(/4377\[|\x88/));
    await stillServes();
  });
});
