// Clients in a process of their own, so that it can be put on a network of its own. Spoken to over IPC.
import { connect } from 'node:net';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

const [address, ...kinds] = process.argv.slice(2);
const url = new URL(address);
const guild = 'docs';
const streamRequest = `GET /api/v1/guilds/${guild}/events HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`;

/** By client: how often something came, and whether its connection is still there as far as it knows. */
const heard = {};

function socketIo(kind, transports) {
  const socket = io(address, { transports, reconnection: false, forceNew: true });
  heard[kind] = { open: true, count: 0 };
  socket.onAny(() => (heard[kind].count += 1));
  socket.on('disconnect', () => (heard[kind].open = false));
  return new Promise((resolve, reject) => {
    socket.on('connect_error', reject);
    socket.on('connect', () => socket.emit('join', { guildId: guild }, resolve));
  });
}

function webSocket(kind) {
  const socket = new WebSocket(`ws://${url.host}/ws/guilds/${guild}`);
  heard[kind] = { open: true, count: 0 };
  socket.on('close', () => (heard[kind].open = false));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      heard[kind].count += 1;
      if (JSON.parse(data).type === 'server-join') resolve();
    });
  });
}

function stream(kind, { reads }) {
  const socket = connect(Number(url.port), url.hostname);
  heard[kind] = { open: true, count: 0 };
  socket.on('close', () => (heard[kind].open = false));
  socket.write(streamRequest);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', () => {
      heard[kind].count += 1;
      if (!reads) socket.pause();
      resolve();
    });
  });
}

const open = {
  'socket.io': (kind) => socketIo(kind, ['websocket']),
  'socket.io polling': (kind) => socketIo(kind, ['polling']),
  websocket: webSocket,
  sse: (kind) => stream(kind, { reads: true }),
  'stuck sse': (kind) => stream(kind, { reads: false }),
};

const orders = {
  heard: () => heard,
  metrics: async () => {
    const headers = { Authorization: `Bearer ${process.env.METRICS_KEY}` };
    return (await globalThis.fetch(new URL('/metrics', url), { headers })).text();
  },
};

process.on('message', async ({ number, order }) => process.send({ number, answer: await orders[order]() }));
process.on('disconnect', () => process.exit(0));
await Promise.all(kinds.map((kind) => open[kind](kind)));
process.send({ number: 0 });
