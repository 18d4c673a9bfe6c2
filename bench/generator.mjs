// The clients of the fan-out: they enter a room and count what comes. Runs in a process and on a core of its own.
import { connect } from 'node:net';
import { inBatches, maskedFrame, pong, requests } from './handshake.mjs';
import { obey } from './orders.mjs';

/** How many of the clients look at the time that a delivery took. */
const watches = 50;

let clients = [];
const count = { deliveries: 0, latencies: [] };

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
    if (opcode === 9) client.socket.write(pong);
    else if (opcode === 1 && end - start === 1 && whole[start] === 0x32) client.socket.write(maskedFrame('3'));
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

/** What each kind of client says after the answer to its request. */
const kinds = {
  websocket: {
    greet: (client, { join }) => join && client.socket.write(maskedFrame(join)),
    deliver: deliveredFrames,
  },
  'socket.io': {
    greet: (client) => client.socket.write(maskedFrame('40')),
    next: (client, text, { join }) => {
      if (client.asked || !text.includes('40{')) return;
      client.asked = true;
      client.socket.write(maskedFrame(join));
    },
    deliver: deliveredFrames,
  },
  sse: { greet: () => undefined, deliver: deliveredBlocks },
};

function open(target, index) {
  const kind = kinds[target.kind];
  return new Promise((resolve, reject) => {
    const socket = connect(target.port, '127.0.0.1');
    const sampled = index % Math.ceil(target.clients / watches) === 0;
    const client = { socket, rest: null, sampled, asked: false };
    let text = '';
    let greeted = false;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.once('connect', () => socket.write(requests[target.kind](target)));
    const late = setTimeout(() => reject(new Error(`not in the room after 20 s: ${text.slice(0, 300)}`)), 20_000);
    const enter = (data) => {
      text += data.toString('latin1');
      if (!greeted && text.includes('\r\n\r\n')) {
        greeted = true;
        kind.greet(client, target);
      }
      kind.next?.(client, text, target);
      if (!greeted || !text.includes(target.entered)) return;
      clearTimeout(late);
      socket.off('data', enter);
      socket.on('data', (chunk) => kind.deliver(client, chunk));
      resolve(client);
    };
    socket.on('data', enter);
  });
}

function closeAll() {
  for (const { socket } of clients) {
    socket.removeAllListeners('error');
    socket.on('error', () => undefined);
    socket.destroy();
  }
  clients = [];
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

obey({
  /** `clients` more than there are. */
  open: async (target) => void clients.push(...(await inBatches(target.clients, (index) => open(target, index)))),
  close: () => closeAll(),
  reset: () => void Object.assign(count, { deliveries: 0, latencies: [] }),
  deliveries: () => count.deliveries,
  /** Milliseconds. */
  latencies: () => {
    const sorted = Float64Array.from(count.latencies).sort();
    return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
  },
});
