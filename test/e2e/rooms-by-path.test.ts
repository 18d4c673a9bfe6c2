import { describe, expect, it, vi } from 'vitest';
import { dZoneBench } from '../support/d-zone-bench.js';
import { memberOf, messageOf, presenceOf } from '../support/events.js';

const dworld = '232769614004748288';
const nntin = memberOf('123456789012345004', { displayName: 'NNTin', roleColor: '#96ceb4' });

describe('a WebSocket with the guild in its path', () => {
  const bench = dZoneBench();

  it.each(['/ws/guilds/dworld', `/ws/guilds/${dworld}`, '/ws/guilds/DWorld/'])(
    'is in the room at once: %s',
    async (path) => {
      const client = await bench.open(path);
      expect((await client.next()).type).toBe('server-list');
      expect((await client.next()).data).toMatchObject({ serverName: 'D-World', recovered: false });
      await bench.app.log.append(presenceOf(dworld, nntin, 'idle'));
      expect((await client.next()).data).toMatchObject({ uid: nntin.id, status: 'idle' });
    },
  );

  it('goes on from a cursor in the address', async () => {
    const first = await bench.open('/ws/guilds/dworld');
    const { data } = await first.nextOf('server-join');
    await bench.app.log.append(messageOf(dworld, nntin, 'missed'));
    const second = await bench.open(`/ws/guilds/dworld?cursor=${encodeURIComponent(String(data.cursor))}`);
    expect((await second.nextOf('server-join')).data).toMatchObject({ recovered: true });
    expect((await second.next()).data).toMatchObject({ message: 'missed' });
  });

  it.each([
    ['/ws/guilds/nowhere', 'guild.not_found'],
    ['/ws/guilds/oauth', 'guild.guarded'],
    ['/ws/guilds/%E0%A4%A', undefined],
  ])('is refused like one that asks: %s', async (path, code) => {
    const client = await bench.open(path);
    await client.nextOf('server-list');
    if (code !== undefined) expect((await client.next()).data).toMatchObject({ code });
    client.connect({ server: 'docs' });
    expect((await client.next()).data).toMatchObject({ serverName: 'Docs (WIP)' });
  });
});

describe('asking for a snapshot', () => {
  const bench = dZoneBench();

  it('is answered with a fresh server-join, after all that came before', async () => {
    const client = await bench.joined('dworld', { password: 'sesame' });
    await client.nextOf('server-join');
    const { cursor } = await bench.app.log.append(presenceOf(dworld, nntin, 'dnd'));
    client.send({ type: 'snapshot' });
    expect((await client.next()).data).toMatchObject({ uid: nntin.id, status: 'dnd' });
    const { type, data } = await client.next();
    expect(type).toBe('server-join');
    expect(data).toMatchObject({ request: { server: 'dworld' }, cursor, recovered: false, source: 'mock' });
    expect((data.users as Record<string, unknown>)[nntin.id]).toMatchObject({ status: 'dnd' });
    await bench.app.log.append(presenceOf(dworld, nntin, 'online'));
    expect((await client.next()).data).toMatchObject({ status: 'online' });
  });

  it('is an error for those who are in no room', async () => {
    const client = await bench.open();
    await client.nextOf('server-list');
    client.send({ type: 'snapshot' });
    expect((await client.next()).data).toMatchObject({ code: 'request.invalid' });
  });
});

describe('waiting for the next event over HTTP', () => {
  const bench = dZoneBench();
  const ask = async (cursor: string, wait: number, signal?: AbortSignal) => {
    const query = new URLSearchParams({ cursor, wait: String(wait) }).toString();
    const response = await fetch(`${bench.app.url}/api/v1/guilds/dworld/events?${query}`, {
      ...(signal && { signal }),
    });
    return (await response.json()) as {
      recovered: boolean;
      cursor: string;
      events: { cursor: string }[];
      status?: number;
    };
  };

  it('is answered by the next event, and by none of another guild', async () => {
    const start = await ask('', 30);
    expect(start.recovered).toBe(false);
    const waiting = ask(start.cursor, 30);
    let answered = false;
    void waiting.then(() => (answered = true));
    await bench.app.log.append(messageOf('482241773318701056', nntin, 'elsewhere'));
    // Another request goes all the way through while the first one waits.
    await ask(start.cursor, 0);
    expect(answered).toBe(false);
    const event = await bench.app.log.append(messageOf(dworld, nntin, 'here'));
    expect(await waiting).toMatchObject({ recovered: true, cursor: event.cursor, events: [{ cursor: event.cursor }] });
  });

  it('ends empty when the time is over, at the same cursor', async () => {
    const { cursor } = await ask('', 0);
    expect(await ask(cursor, 1)).toEqual({ recovered: true, cursor, events: [], snapshot: null });
  });

  it('is given up when the client is gone', async () => {
    const { cursor } = await ask('', 0);
    const abort = new AbortController();
    const waiting = ask(cursor, 30, abort.signal).catch((error: Error) => error.name);
    const { Connections } = await import('../../src/gateway/connections.js');
    const connections = bench.app.app.get(Connections, { strict: false });
    await vi.waitFor(() => expect(connections.size).toBe(1));
    abort.abort();
    expect(await waiting).toBe('AbortError');
    await vi.waitFor(() => expect(connections.size).toBe(0));
  });

  it('refuses to wait for ever', async () => {
    expect(await ask('', 31)).toMatchObject({ status: 400 });
  });
});
