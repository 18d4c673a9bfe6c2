// The clients of a benchmark: raw TCP sockets that speak just enough HTTP, WebSocket and engine.io to enter a room, and
// count what comes. Runs in a process and on a core of its own; told what to do over IPC.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** How many connections may be under way at once while they are opened. */
const opening = 50;

let clients = [];
const count = { deliveries: 0, latencies: [] };

/** A masked text frame, as clients must send them. */
function maskedFrame(text) {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, 0, 0]);
  if (body.length >= 126) head.writeUInt16BE(body.length, 2);
  // An all-zero mask is a valid one, and leaves the text as it is.
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

function upgrade(path) {
  const key = randomBytes(16).toString('base64');
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

/** Calls `onFrame(start, end)` for each whole unmasked frame in `data`; answers what is left over. */
function eachFrame(data, onFrame) {
  let at = 0;
  while (data.length - at >= 2) {
    let length = data[at + 1] & 0x7f;
    let head = 2;
    if (length === 126) {
      if (data.length - at < 4) break;
      length = data.readUInt16BE(at + 2);
      head = 4;
    } else if (length === 127) {
      if (data.length - at < 10) break;
      length = Number(data.readBigUInt64BE(at + 2));
      head = 10;
    }
    if (data.length - at < head + length) break;
    onFrame(at + head, at + head + length, data[at] & 0x0f);
    at += head + length;
  }
  return at === data.length ? null : data.subarray(at);
}

const marker = Buffer.from('":"at ');

/** Reads the time that the publisher wrote into the text, on a sample of the clients. */
function noteLatency(data, start, end) {
  const found = data.indexOf(marker, start);
  if (found === -1 || found >= end) return;
  const from = found + marker.length;
  const sent = Number(data.toString('latin1', from, data.indexOf(0x20, from)));
  count.latencies.push(performance.timeOrigin + performance.now() - sent);
}

function deliveredFrames(client, data) {
  const whole = client.rest ? Buffer.concat([client.rest, data]) : data;
  client.rest = eachFrame(whole, (start, end, opcode) => {
    if (opcode === 9) client.socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
    else if (opcode === 1 && whole[start] === 0x32 && whole.length === end) client.socket.write(maskedFrame('3'));
    if (opcode !== 1 || whole.indexOf(marker, start) === -1) return;
    count.deliveries += 1;
    if (client.sampled) noteLatency(whole, start, end);
  });
}

function deliveredBlocks(client, data) {
  let at = data.indexOf(marker);
  while (at !== -1) {
    count.deliveries += 1;
    if (client.sampled) noteLatency(data, at, data.length);
    at = data.indexOf(marker, at + marker.length);
  }
}

/** What each kind of client says after the handshake, and when it counts as being in the room. */
const kinds = {
  websocket: {
    request: ({ path }) => upgrade(path),
    greet: (client, { join }) => join && client.socket.write(maskedFrame(join)),
    entered: (text, { entered }) => text.includes(entered),
    deliver: deliveredFrames,
  },
  'socket.io': {
    request: () => upgrade('/socket.io/?EIO=4&transport=websocket'),
    greet: (client) => client.socket.write(maskedFrame('40')),
    next: (client, text, { join }) => {
      if (!client.asked && text.includes('40{')) {
        client.asked = true;
        client.socket.write(maskedFrame(join));
      }
    },
    entered: (text, { entered }) => text.includes(entered),
    deliver: deliveredFrames,
  },
  sse: {
    request: ({ path }) => `GET ${path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`,
    greet: () => undefined,
    entered: (text, { entered }) => text.includes(entered),
    deliver: deliveredBlocks,
  },
};

function open(target, index) {
  const kind = kinds[target.kind];
  return new Promise((resolve, reject) => {
    const socket = connect(target.port, '127.0.0.1');
    const client = { socket, rest: null, sampled: index % 50 === 0, asked: false };
    let text = '';
    let greeted = false;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.once('connect', () => socket.write(kind.request(target)));
    const late = setTimeout(() => reject(new Error(`not in the room after 20 s: ${text.slice(0, 300)}`)), 20_000);
    const enter = (data) => {
      text += data.toString('latin1');
      if (!greeted && text.includes('\r\n\r\n')) {
        greeted = true;
        kind.greet(client, target);
      }
      kind.next?.(client, text, target);
      if (!greeted || !kind.entered(text, target)) return;
      clearTimeout(late);
      socket.off('data', enter);
      socket.on('data', (chunk) => kind.deliver(client, chunk));
      resolve(client);
    };
    socket.on('data', enter);
  });
}

async function openAll(target) {
  const opened = [];
  for (let index = 0; index < target.clients; index += opening) {
    const batch = Array.from({ length: Math.min(opening, target.clients - index) }, (_, n) => open(target, index + n));
    opened.push(...(await Promise.all(batch)));
  }
  clients = opened;
}

function closeAll() {
  for (const { socket } of clients) {
    socket.removeAllListeners('error');
    socket.on('error', () => undefined);
    socket.destroy();
  }
  clients = [];
}

const orders = {
  open: (target) => openAll(target),
  close: () => closeAll(),
  reset: () => Object.assign(count, { deliveries: 0, latencies: [] }),
  count: () => count,
};

process.on('message', async ({ id, order, argument }) => {
  try {
    process.send({ id, answer: (await orders[order](argument)) ?? null });
  } catch (error) {
    process.send({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
