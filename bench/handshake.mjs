// Just enough HTTP, WebSocket and engine.io to come into a room over a raw TCP socket.
import { randomBytes } from 'node:crypto';

/** A masked text frame, as clients must send them. */
export function maskedFrame(text) {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, 0, 0]);
  if (body.length >= 126) head.writeUInt16BE(body.length, 2);
  // An all-zero mask is a valid one, and leaves the text as it is.
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

/** The answer to a WebSocket's ping. */
export const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

function upgrade(path) {
  const key = randomBytes(16).toString('base64');
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

/** What each kind of client asks for first. */
export const requests = {
  websocket: ({ path }) => upgrade(path),
  'socket.io': () => upgrade('/socket.io/?EIO=4&transport=websocket'),
  sse: ({ path }) => `GET ${path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`,
};

/** Runs `task(index)` for all of `count`, some at a time and never faster than a server has to bear. */
export async function inBatches(count, task) {
  const atOnce = 50;
  const pause = 20;
  const results = [];
  for (let index = 0; index < count; index += atOnce) {
    const size = Math.min(atOnce, count - index);
    const batch = Promise.all(Array.from({ length: size }, (_, n) => task(index + n)));
    const paced = new Promise((resolve) => setTimeout(resolve, pause));
    results.push(...(await batch));
    await paced;
  }
  return results;
}
