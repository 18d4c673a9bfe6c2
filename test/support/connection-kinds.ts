import { once } from 'node:events';
import { Connections } from '../../src/gateway/connections.js';
import { problem } from '../../src/rest/problem.js';
import { SocketIoClient } from './socket-io-client.js';
import { type TestApp } from './test-app.js';
import { WebSocketClient } from './websocket-client.js';

/** How a client was turned away, in the form of its transport. */
export interface Turned {
  /** Of a close frame, of a `closing` message or of an HTTP answer. */
  code: number;
  /** The name of the reason, on HTTP the code of the problem. */
  reason: string;
  retryAfter: number | undefined;
  /** Milliseconds from its first try to its end. */
  held: number;
}

export interface OpenConnection {
  /** Undefined while it is open and in use. */
  turned: Turned | undefined;
  close(): Promise<void>;
}

export const connectionKinds = ['websocket', 'socket.io', 'socket.io polling', 'sse', 'long poll'] as const;
export type ConnectionKind = (typeof connectionKinds)[number];

/** Which code each kind of connection is refused with. */
export function refusalOf(kind: ConnectionKind, reason: 'service-full' | 'address-full'): Omit<Turned, 'held'> {
  const full = reason === 'service-full';
  if (kind === 'websocket') return { code: full ? 3002 : 3003, reason, retryAfter: undefined };
  if (kind.startsWith('socket.io')) return { code: full ? 3002 : 3003, reason, retryAfter: 5 };
  return full
    ? { code: 503, reason: 'service.unavailable', retryAfter: 5 }
    : { code: 429, reason: 'rate.limited', retryAfter: 5 };
}

/** Opens a connection in the room `docs`, or to the end that it meets instead. */
export function openConnection(
  kind: ConnectionKind,
  app: TestApp,
  headers: Record<string, string> = {},
): Promise<OpenConnection> {
  switch (kind) {
    case 'websocket':
      return openWebSocket(app.url, headers);
    case 'socket.io':
      return openSocketIo(app.url, headers, 'websocket');
    case 'socket.io polling':
      return openSocketIo(app.url, headers, 'polling');
    case 'sse':
      return openStream(app.url, headers);
    case 'long poll':
      return openPoll(app, headers);
  }
}

async function openWebSocket(url: string, headers: Record<string, string>): Promise<OpenConnection> {
  const since = performance.now();
  const client = await WebSocketClient.open(url, '/ws', { headers });
  client.connect({ server: 'docs' });
  await client.until(() => client.frames.some(({ type }) => type === 'server-join'), 10_000);
  const { closed } = client;
  // Somebody refused gets no frame: nothing of the house is told to them.
  if (closed && client.frames.length > 0) throw new Error(`closed with ${closed.code} behind frames`);
  const turned = closed && { ...closed, retryAfter: undefined, held: performance.now() - since };
  return { turned, close: () => client.close() };
}

async function openSocketIo(
  url: string,
  headers: Record<string, string>,
  transport: 'websocket' | 'polling',
): Promise<OpenConnection> {
  const since = performance.now();
  const client = await SocketIoClient.open(url, { transports: [transport], extraHeaders: headers });
  const ended = once(client.socket as never, 'disconnect');
  // Its end may come before the answer, and takes the place of that.
  const refused = await client.ask('join', { guildId: 'docs' }).then(
    ({ error }) => error !== undefined,
    () => true,
  );
  const close = async () => {
    client.close();
    await ended;
  };
  if (!refused) return { turned: undefined, close };
  await ended;
  const { closing } = client;
  if (!closing || client.events.length > 0) throw new Error(`closed behind ${JSON.stringify(client.order)}`);
  const { code, reason, retryAfter } = closing;
  return { turned: { code, reason, retryAfter, held: performance.now() - since }, close: () => Promise.resolve() };
}

async function openStream(url: string, headers: Record<string, string>): Promise<OpenConnection> {
  const abort = new AbortController();
  const since = performance.now();
  const response = await fetch(`${url}/api/v1/guilds/docs/events`, {
    headers: { ...headers, accept: 'text/event-stream' },
    signal: abort.signal,
  });
  const close = () => Promise.resolve(abort.abort());
  return { turned: response.ok ? undefined : await turnedBy(response, since), close };
}

/** A request that waits for an event. Those that are let in have no answer: the application is asked for them. */
async function openPoll({ app, url }: TestApp, headers: Record<string, string>): Promise<OpenConnection> {
  const page = await fetch(`${url}/api/v1/guilds/docs`, { headers });
  const { cursor } = (await page.json()) as { cursor: string };
  const connections = app.get(Connections);
  const before = connections.size;
  const abort = new AbortController();
  const since = performance.now();
  const address = `${url}/api/v1/guilds/docs/events?wait=30&cursor=${encodeURIComponent(cursor)}`;
  let turned: Turned | undefined;
  let failure: unknown;
  fetch(address, { headers, signal: abort.signal })
    .then(async (response) => (turned = await turnedBy(response, since)))
    .catch((error: unknown) => (failure = error));
  while (!turned && connections.size === before) {
    if (failure) throw failure as Error;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { turned, close: () => Promise.resolve(abort.abort()) };
}

async function turnedBy(response: Response, since: number): Promise<Turned> {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) throw new Error('no problem');
  const { status, code, retryAfter } = problem.parse(await response.json());
  if (status !== response.status) throw new Error('head and body name another status');
  if (response.headers.get('retry-after') !== String(retryAfter)) throw new Error('head and body name another time');
  return { code: status, reason: code, retryAfter, held: performance.now() - since };
}
