import { connect } from 'node:net';
import { once } from 'node:events';
import { EventSource } from 'eventsource';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Connections } from '../../src/gateway/connections.js';
import { domainEventTypes } from '../../src/domain/events/index.js';
import { memberOf, messageOf, presenceOf } from '../support/events.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const dworld = '232769614004748288';
const nntin = memberOf('123456789012345004', { displayName: 'NNTin', roleColor: '#96ceb4' });

let app: TestApp;
const streams: Stream[] = [];

beforeAll(async () => {
  app = await startTestApp({ HEARTBEAT_SECONDS: '0.2', SLOW_CLIENT_BYTES: '16384' });
});
afterAll(() => app.close());
afterEach(() => {
  for (const stream of streams.splice(0)) stream.source.close();
});

interface Block {
  type: string;
  id: string;
  data: Record<string, unknown>;
}

interface Stream {
  source: EventSource;
  blocks: Block[];
  /** Without heartbeats. */
  news(): Block[];
}

/** A real EventSource, as in browsers, that keeps what it got. */
function listen(path: string, headers: Record<string, string> = {}): Stream {
  const source = new EventSource(app.url + path, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } }),
  });
  const blocks: Block[] = [];
  for (const type of ['snapshot', 'resumed', 'heartbeat', ...domainEventTypes]) {
    source.addEventListener(type, (event) => {
      blocks.push({ type, id: event.lastEventId, data: JSON.parse(String(event.data)) as Record<string, unknown> });
    });
  }
  const stream = { source, blocks, news: () => blocks.filter(({ type }) => type !== 'heartbeat') };
  streams.push(stream);
  return stream;
}

describe('the event stream of a guild', () => {
  it('begins with the snapshot and goes on with every event, each with its cursor as id', async () => {
    const stream = listen('/api/v1/guilds/dworld/events');
    await vi.waitFor(() => expect(stream.news()).toHaveLength(1));
    const sent = [
      await app.log.append(presenceOf(dworld, nntin, 'idle')),
      await app.log.append(messageOf(dworld, nntin, 'two\nlines — ünïcode')),
    ];
    await vi.waitFor(() => expect(stream.news()).toHaveLength(3));
    const [snapshot, ...events] = stream.news();
    expect(snapshot).toMatchObject({ type: 'snapshot', data: { guild: { id: dworld }, source: 'mock' } });
    expect(snapshot?.id).toBe(snapshot?.data.cursor);
    expect(events).toEqual(sent.map((event) => ({ type: event.type, id: event.cursor, data: event })));
  });

  it('goes on after a cut where it was, by itself', async () => {
    const stream = listen('/api/v1/guilds/dworld/events');
    await vi.waitFor(() => expect(stream.news()).toHaveLength(1));
    const first = await app.log.append(presenceOf(dworld, nntin, 'dnd'));
    await vi.waitFor(() => expect(stream.news()).toHaveLength(2));
    stream.source.close();
    const missed = await app.log.append(presenceOf(dworld, nntin, 'idle'));
    const again = listen('/api/v1/guilds/dworld/events', { 'last-event-id': first.cursor });
    await vi.waitFor(() => expect(again.news()).toHaveLength(2));
    const live = await app.log.append(presenceOf(dworld, nntin, 'online'));
    await vi.waitFor(() => expect(again.news()).toHaveLength(3));
    expect(again.news()[0]).toMatchObject({ type: 'resumed', data: { cursor: first.cursor } });
    expect(
      again
        .news()
        .slice(1)
        .map(({ data }) => data),
    ).toEqual([missed, live]);
  });

  it('takes a cursor from the address, the header first', async () => {
    const { cursor } = await app.log.append(presenceOf(dworld, nntin, 'idle'));
    await app.log.append(presenceOf(dworld, nntin, 'online'));
    const path = `/api/v1/guilds/dworld/events?cursor=${encodeURIComponent(cursor)}`;
    const byAddress = listen(path);
    await vi.waitFor(() => expect(byAddress.news().map(({ type }) => type)).toEqual(['resumed', 'presence.updated']));
    const byHeader = listen(path, { 'last-event-id': 'garbage'.repeat(100) });
    await vi.waitFor(() => expect(byHeader.news().map(({ type }) => type)).toEqual(['snapshot']));
  });

  it('gives signs of life that are no places to resume from', async () => {
    const stream = listen('/api/v1/guilds/docs/events');
    await vi.waitFor(() => expect(stream.blocks.filter(({ type }) => type === 'heartbeat').length).toBeGreaterThan(1));
    // This client tells the id that came with the block, not the last one it remembers.
    expect(stream.blocks.find(({ type }) => type === 'heartbeat')?.id).toBe('');
    expect(stream.news()[0]?.id).not.toBe('');
  });

  it.each([
    ['an unknown guild', '/api/v1/guilds/nowhere/events', {}, 404, 'guild.not_found'],
    ['a guarded guild', '/api/v1/guilds/oauth/events', {}, 403, 'guild.guarded'],
    [
      'an unknown key',
      '/api/v1/guilds/oauth/events',
      { authorization: 'Bearer not-a-key-of-ours' },
      401,
      'access.key_unknown',
    ],
  ])('refuses %s as a problem', async (_name, path, headers, status, code) => {
    const response = await fetch(app.url + path, { headers: { accept: 'text/event-stream', ...headers } });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status, code });
  });

  it('begins anew for a cursor beyond reason, which is no error', async () => {
    const response = await fetch(`${app.url}/api/v1/guilds/docs/events?cursor=${'x'.repeat(2_000)}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      recovered: false,
      events: [],
      snapshot: { guild: { alias: 'docs' } },
    });
  });

  it('lets a key of scope read into a guarded guild, and lets no cache keep it', async () => {
    const abort = new AbortController();
    const response = await fetch(`${app.url}/api/v1/guilds/oauth/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${testKeys.read}` },
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toContain('no-store');
    abort.abort();
  });

  it('cuts a reader that does not read, and nobody else', async () => {
    const healthy = listen('/api/v1/guilds/dworld/events');
    const { hostname, port } = new URL(app.url);
    const stalled = connect(Number(port), hostname);
    await once(stalled, 'connect');
    stalled.write(`GET /api/v1/guilds/dworld/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`);
    stalled.on('error', () => undefined);
    await once(stalled, 'readable');
    const connections = app.app.get(Connections, { strict: false });
    const connected = connections.size;
    const long = 'x'.repeat(4_000);
    let sent = 0;
    // The kernel's buffers have to fill first; how much they take depends on the machine.
    await vi.waitFor(
      async () => {
        for (let n = 0; n < 200; n += 1, sent += 1) await app.log.append(messageOf(dworld, nntin, long));
        const messages = () => healthy.news().filter(({ type }) => type === 'message.created');
        await vi.waitFor(() => expect(messages()).toHaveLength(sent), { timeout: 5_000 });
        expect(connections.size).toBe(connected - 1);
      },
      { timeout: 15_000, interval: 1 },
    );
    stalled.destroy();
    expect(healthy.source.readyState).toBe(EventSource.OPEN);
  });
});

describe('the page of events, for those who poll', () => {
  const page = async (cursor?: string, query = '') => {
    const url = new URL(`${app.url}/api/v1/guilds/dworld/events${query}`);
    if (cursor !== undefined) url.searchParams.set('cursor', cursor);
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    return (await response.json()) as { recovered: boolean; cursor: string; events: unknown[]; snapshot: unknown };
  };

  it('gives the snapshot first, then what happened since', async () => {
    const start = await page();
    expect(start).toMatchObject({ recovered: false, events: [], snapshot: { guild: { id: dworld } } });
    const sent = [];
    for (const status of ['idle', 'dnd', 'online'] as const)
      sent.push(await app.log.append(presenceOf(dworld, nntin, status)));
    const first = await page(start.cursor, '?limit=2');
    expect(first).toEqual({ recovered: true, cursor: sent[1]?.cursor, events: sent.slice(0, 2), snapshot: null });
    const second = await page(first.cursor, '?limit=2');
    expect(second).toEqual({ recovered: true, cursor: sent[2]?.cursor, events: sent.slice(2), snapshot: null });
    expect(await page(second.cursor)).toMatchObject({ recovered: true, cursor: second.cursor, events: [] });
    expect(await page('gone:1')).toMatchObject({ recovered: false, events: [] });
  });
});
