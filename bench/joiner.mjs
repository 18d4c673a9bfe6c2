// The clients of the joins: they are connected beforehand, ask for a large guild all in one go, and count what they get
// without keeping it. Runs in a process and on a core of its own.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { inBatches, maskedFrame, pong, requests } from './handshake.mjs';
import { obey } from './orders.mjs';

/** How much of a message's beginning and end is looked at, to tell what it is and where in the log it stands. */
const shown = 256;
/** Milliseconds that all may take together. */
const patience = 240_000;

/** One for all sockets: what is in it is counted before the next one reads. */
const readBuffer = Buffer.allocUnsafe(1_048_576);

let clients = [];
/** Events that all clients together have heard. */
let heard = 0;

/** Reads a stream of WebSocket frames piece by piece: tells each text message's length, its beginning and its end. */
class FrameReader {
  head = Buffer.alloc(0);
  /** Bytes of the present frame's body that are still to come. */
  left = 0;
  whole = true;
  beginning = '';
  length = 0;

  constructor(onMessage, onPing) {
    this.onMessage = onMessage;
    this.onPing = onPing;
  }

  read(data) {
    let at = 0;
    while (at < data.length || this.left === 0) {
      if (this.left === 0) {
        const rest = this.begin(data, at);
        if (rest === undefined) return;
        at = rest;
      }
      const size = Math.min(this.left, data.length - at);
      if (this.beginning.length < shown) {
        this.beginning += data.toString('latin1', at, at + Math.min(size, shown - this.beginning.length));
      }
      at += size;
      this.left -= size;
      if (this.left > 0) return;
      this.end(data.toString('latin1', Math.max(0, at - Math.min(size, shown)), at));
    }
  }

  /** Reads a frame's head; answers where its body begins, or undefined while the head is not all there. */
  begin(data, at) {
    const had = this.head.length;
    const head = Buffer.concat([this.head, data.subarray(at, at + 10 - had)]);
    const short = head.length < 2 ? undefined : head[1] & 0x7f;
    const size = short === undefined ? 10 : short < 126 ? 2 : short === 126 ? 4 : 10;
    if (head.length < size) {
      this.head = head;
      return undefined;
    }
    this.head = Buffer.alloc(0);
    this.left = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    this.opcode = head[0] & 0x0f;
    this.whole = head[0] >= 0x80;
    this.length += this.left;
    if (this.left === 0) this.end('');
    return at + size - had;
  }

  end(ending) {
    if (!this.whole) return;
    const { beginning, length } = this;
    this.beginning = '';
    this.length = 0;
    if (this.opcode === 9) this.onPing();
    else this.onMessage(length, beginning, ending);
  }
}

/**
 * How a kind of client is spoken to: what it answers on the way, when it is ready to join, and how the answer to a join
 * and an event of a room begin.
 */
const dialects = {
  'socket.io': { answers: { '0{': '40', 2: '3' }, ready: '40{', joined: '430[', event: '42[' },
  websocket: { answers: {}, ready: '{"type":"server-list"', joined: '{"type":"server-join"' },
};

const httpEnd = Buffer.from('\r\n\r\n');

function frameClient(client, target) {
  const { answers, ready, joined, event } = dialects[target.kind];
  const send = (text) => client.socket.write(maskedFrame(text));
  const frames = new FrameReader(
    (length, beginning, ending) => {
      const answer = Object.keys(answers).find((start) => beginning.startsWith(start));
      if (answer !== undefined) send(answers[answer]);
      else if (beginning.startsWith(ready)) client.ready();
      else if (beginning.startsWith(joined)) client.joined(length, beginning, ending);
      else if (event !== undefined && beginning.startsWith(event)) heard += 1;
      else if (client.asked && beginning.includes('rror"')) client.failed(beginning);
    },
    () => client.socket.write(pong),
  );
  let head = '';
  let upgraded = false;
  client.begin = () => client.socket.write(requests[target.kind](target));
  client.join = () => send(target.join);
  client.read = (data) => {
    if (upgraded) return frames.read(data);
    head += data.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    upgraded = true;
    frames.read(Buffer.from(head.slice(end + httpEnd.length), 'latin1'));
  };
}

const blockEnd = Buffer.from('\n\n');
/** The head of a response, and the first lines of its first block. */
const longestHead = 2_048;

/** The first block of a stream ends with the first empty line: JSON on one line has none, and no header either. */
function streamClient(client, target) {
  let bytes = 0;
  let lineEnded = false;
  let head = '';
  client.begin = () => client.ready();
  client.join = () => client.socket.write(requests.sse(target));
  client.read = (data) => {
    if (client.done) return;
    if (head.length < longestHead) head += data.toString('latin1', 0, longestHead);
    if (bytes === 0 && !head.startsWith('HTTP/1.1 200')) return client.failed(head);
    const found = lineEnded && data[0] === 10 ? 0 : data.indexOf(blockEnd);
    lineEnded = data[data.length - 1] === 10;
    bytes += found === -1 ? data.length : found + blockEnd.length;
    if (found !== -1) client.joined(bytes, head);
  };
}

/** Answers once the client is connected, and for a socket ready to join. */
function open(target) {
  return new Promise((resolve, reject) => {
    const client = { asked: false, done: false };
    const late = setTimeout(() => reject(new Error('not ready to join after 20 s')), 20_000);
    client.ready = () => {
      clearTimeout(late);
      resolve(client);
    };
    client.failed = (why) => {
      const error = new Error(`${client.asked ? 'a join' : 'a connection'} failed: ${why}`);
      client.settle?.reject(error);
      reject(error);
    };
    client.joined = (bytes, beginning, ending = '') => {
      if (beginning.includes('"error"')) return client.failed(beginning);
      client.done = true;
      const place = /"cursor":"([^"]+)"/.exec(beginning + ending) ?? /\nid: (\S+)/.exec(beginning);
      client.settle?.resolve({ bytes, place: place?.[1] });
    };
    const read = (size, buffer) => {
      const data = buffer.subarray(0, size);
      client.keep?.push(Buffer.from(data));
      client.read(data);
    };
    client.socket = connect({ port: target.port, host: '127.0.0.1', onread: { buffer: readBuffer, callback: read } });
    client.socket.setNoDelay(true);
    if (target.kind === 'sse') streamClient(client, target);
    else frameClient(client, target);
    client.socket.once('connect', () => client.begin());
    client.socket.on('error', (error) => client.failed(String(error)));
    client.socket.once('close', () => client.failed('the server closed the connection'));
  });
}

/** All in one go, or over some milliseconds; what each was answered. */
async function joinAll(over = 0) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error('not everybody was answered in time')), patience).unref();
  });
  const answers = clients.map((client) => new Promise((resolve, reject) => (client.settle = { resolve, reject })));
  const outcome = Promise.race([Promise.all(answers), late]);
  // It may fail before everybody has asked, and is waited for only then.
  outcome.catch(() => undefined);
  const startedAt = performance.now();
  for (const [index, client] of clients.entries()) {
    const due = startedAt + (over * index) / clients.length;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    client.asked = true;
    client.join();
  }
  return outcome;
}

function closeAll() {
  for (const client of clients) {
    client.failed = () => undefined;
    client.socket.destroy();
  }
  clients = [];
}

obey({
  open: async (target) => void (clients = await inBatches(target.clients, () => open(target))),
  /** Bytes of all the answers together, and how many different places in the log they stand for. */
  join: async ({ over } = {}) => {
    const answers = await joinAll(over);
    const bytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
    return { bytes, places: new Set(answers.map(({ place }) => place)).size };
  },
  /** Joins with one client and answers how often `text` is in what it got. */
  look: async ({ target, text }) => {
    clients = await inBatches(1, () => open(target));
    const kept = (clients[0].keep = []);
    await joinAll();
    closeAll();
    return Buffer.concat(kept).toString('latin1').split(text).length - 1;
  },
  /** Waits until the clients have heard so many events since the last such order; answers how many it were. */
  hear: async (events) => {
    for (const late = performance.now() + patience; heard < events; await pause(2)) {
      if (performance.now() > late) throw new Error(`${heard} events of ${events} were heard in time`);
    }
    const all = heard;
    heard = 0;
    return all;
  },
  close: () => closeAll(),
});
