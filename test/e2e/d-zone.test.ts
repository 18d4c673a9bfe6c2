import { describe, expect, it } from 'vitest';
import { demoGuilds } from '../../src/providers/mock/demo-guilds.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../support/events.js';
import { dZoneBench } from '../support/d-zone-bench.js';
import { startTestApp } from '../support/test-app.js';
import { type Frame, WebSocketClient } from '../support/websocket-client.js';

const dworld = '232769614004748288';
const vegeta = memberOf('123456789012345001', { displayName: 'vegeta897', roleColor: '#ff6b6b' });
const nntin = memberOf('123456789012345004', { displayName: 'NNTin', roleColor: '#96ceb4' });

const bench = dZoneBench({ DZONE_DELETE_SECONDS: '0.2' });
const { open, joined } = bench;

/** As the browser client keeps its world: who is drawn, and how. Fails on what would break or confuse that client. */
function draw(frames: readonly Frame[]): Map<string, Record<string, unknown>> {
  let world: Map<string, Record<string, unknown>> | undefined;
  for (const { type, data } of frames) {
    if (type === 'server-join') {
      expect(data.request).toBeTypeOf('object');
      world = new Map(Object.entries((data.users ?? {}) as Record<string, Record<string, unknown>>));
    }
    if (type !== 'presence' && type !== 'message') continue;
    if (!world) throw new Error(`${type} before server-join`);
    const known = world.get(String(data.uid));
    if (type === 'message') expect(data.message).toBeTypeOf('string');
    else if (data.delete === true) {
      expect(known, 'delete for an unknown member').toBeDefined();
      world.delete(String(data.uid));
    } else {
      if (!known) expect(data.username, 'presence of an unknown member without a name').toBeTypeOf('string');
      world.set(String(data.uid), { ...known, ...data });
    }
  }
  return world ?? new Map<string, Record<string, unknown>>();
}

describe('what the d-zone client needs of its server', () => {
  it('sends the server list first and once, with at least one open default', async () => {
    const client = await open();
    client.connect({ server: null });
    client.connect({ server: 'docs' });
    const first = await client.next();
    expect(first.type).toBe('server-list');
    await client.nextOf('server-join');
    await client.nextOf('server-join');
    const frames = await client.settled();
    expect(frames.filter(({ type }) => type === 'server-list')).toHaveLength(1);
    expect(first.data).toEqual({
      [dworld]: { id: 'dworld', name: 'D-World', default: true, passworded: false },
      '482241773318701056': { id: 'docs', name: 'Docs (WIP)', passworded: false },
      '123456789012345678': { id: 'oauth', name: 'OAuth2 Protected Server', passworded: true },
      '987654321098765432': { id: 'repos', name: 'My Repos', passworded: false },
    });
  });

  it.each([
    ['null', null],
    ['nothing', undefined],
    ['an empty text', ''],
    ['blanks', '  '],
    ['its name', 'default'],
  ])('takes %s as the default server', async (_name, server) => {
    const client = await joined(server);
    const { data } = await client.nextOf('server-join');
    expect(data.request).toEqual({ server: 'default' });
    expect(data.serverName).toBe('D-World');
  });

  it.each(demoGuilds.filter(({ door }) => door === 'open'))(
    'answers a join of $alias with its request, its name and every member',
    async ({ alias, name, members }) => {
      const client = await joined(`  ${alias} `);
      const { data } = await client.nextOf('server-join');
      expect(data).toMatchObject({ request: { server: alias }, serverName: name, source: 'mock', stale: false });
      const expected = members.map(({ id, username, status, roleColor }) => [
        id,
        { uid: id, username, status, roleColor },
      ]);
      expect(data.users).toEqual(Object.fromEntries(expected));
    },
  );

  it('finds a guild by its id too', async () => {
    const client = await joined(dworld);
    expect((await client.nextOf('server-join')).data.serverName).toBe('D-World');
  });

  it('stays under the number of users the client can draw, those online first', async () => {
    const crowded = await startTestApp({ DZONE_MAX_MEMBERS: '3' });
    try {
      const client = await WebSocketClient.open(crowded.url);
      client.connect({ server: 'dworld' });
      await client.nextOf('server-join');
      await crowded.log.append(presenceOf(dworld, vegeta, 'offline'));
      client.connect({ server: 'dworld' });
      const { data } = await client.nextOf('server-join');
      expect(Object.keys(data.users as object)).toHaveLength(3);
      expect(Object.keys(data.users as object)).not.toContain(vegeta.id);
      await client.close();
    } finally {
      await crowded.close();
    }
  });

  it('sends every presence with name and colour, so that nobody is drawn nameless', async () => {
    const client = await joined('dworld');
    await client.nextOf('server-join');
    const stranger = memberOf('123456789012345777', { displayName: 'Stranger' });
    await bench.app.log.append(presenceOf(dworld, vegeta, 'dnd'));
    await bench.app.log.append(presenceOf(dworld, stranger, 'idle'));
    expect((await client.nextOf('presence')).data).toEqual({
      uid: vegeta.id,
      status: 'dnd',
      username: 'vegeta897',
      roleColor: '#ff6b6b',
    });
    expect((await client.nextOf('presence')).data).toMatchObject({ uid: stranger.id, username: 'Stranger' });
    draw(await client.settled());
    await bench.app.log.append(leaveOf(dworld, stranger));
    await bench.app.log.append(presenceOf(dworld, vegeta, 'online'));
  });

  it('draws a leave as offline at once and removes the member later, and only for those who knew them', async () => {
    const guest = memberOf('123456789012345801', { displayName: 'Guest' });
    const before = await joined('dworld');
    await before.nextOf('server-join');
    await bench.app.log.append(joinOf(dworld, guest));
    expect((await before.nextOf('member-join')).data.uid).toBe(guest.id);
    expect((await before.nextOf('presence')).data).toMatchObject({ uid: guest.id, username: 'Guest' });
    await bench.app.log.append(leaveOf(dworld, guest));
    const after = await joined('dworld');
    await after.nextOf('server-join');
    expect((await before.nextOf('presence')).data).toMatchObject({ uid: guest.id, status: 'offline' });
    expect((await before.nextOf('presence')).data).toEqual({ uid: guest.id, status: 'offline', delete: true });
    expect(draw(await before.settled()).has(guest.id)).toBe(false);
    expect(draw(await after.settled()).has(guest.id)).toBe(false);
    expect(after.frames.filter(({ type }) => type === 'presence')).toEqual([]);
  });

  it('does not remove a member who is back before the removal', async () => {
    const guest = memberOf('123456789012345802', { displayName: 'Back again' });
    const client = await joined('dworld');
    await client.nextOf('server-join');
    for (const event of [joinOf(dworld, guest), leaveOf(dworld, guest), joinOf(dworld, guest)])
      await bench.app.log.append(event);
    const witness = memberOf('123456789012345803', { displayName: 'Witness' });
    await bench.app.log.append(joinOf(dworld, witness));
    await bench.app.log.append(leaveOf(dworld, witness));
    // The removal of the one who left last comes after that of the guest would have come.
    await client.until(() => client.frames.some(({ data }) => data.uid === witness.id && data.delete === true), 5_000);
    expect(draw(await client.settled()).get(guest.id)).toMatchObject({ status: 'online' });
    await bench.app.log.append(leaveOf(dworld, guest));
  });

  it('sends messages as text, after the join, and none that says nothing', async () => {
    const client = await joined('dworld');
    await bench.app.log.append(messageOf(dworld, nntin, '', { attachments: 2 }));
    await client.nextOf('server-join');
    await bench.app.log.append(messageOf(dworld, nntin, '', { attachments: 2 }));
    await bench.app.log.append(messageOf(dworld, nntin, 'hello', { channelId: '527964146659229701' }));
    const frame = await client.nextOf('message');
    expect(frame).toMatchObject({
      server: dworld,
      data: { uid: nntin.id, message: 'hello', channel: '527964146659229701' },
    });
    draw(await client.settled());
    expect(client.frames.filter(({ type }) => type === 'message')).toHaveLength(1);
  });

  it('never fails a join of the default: without an open guild there is a waiting room', async () => {
    const closed = await startTestApp({
      GUILDS: '*',
      DISCORD_TOKEN: 'unused',
      DISCORD_API_URL: 'http://127.0.0.1:9/api',
    });
    try {
      const client = await WebSocketClient.open(closed.url);
      client.connect({ server: null });
      expect((await client.next()).data).toEqual({});
      const { data } = await client.next();
      expect(data).toMatchObject({ users: {}, request: { server: 'default' } });
      await client.close();
    } finally {
      await closed.close();
    }
  });

  it('sends text frames alone, and no presence of another room', async () => {
    const client = await joined('dworld');
    await client.nextOf('server-join');
    client.connect({ server: 'docs' });
    await client.nextOf('server-join');
    await bench.app.log.append(presenceOf(dworld, vegeta, 'idle'));
    await bench.app.log.append(presenceOf(dworld, vegeta, 'online'));
    const frames = await client.settled();
    expect(frames.filter(({ server }) => server === dworld)).toEqual([]);
  });

  it('keeps one simulation and one stream however often a client joins', async () => {
    const client = await joined('dworld');
    client.connect({ server: 'dworld' });
    client.connect({ server: 'dworld' });
    for (let n = 0; n < 3; n += 1) await client.nextOf('server-join');
    await bench.app.log.append(presenceOf(dworld, vegeta, 'idle'));
    await bench.app.log.append(presenceOf(dworld, vegeta, 'online'));
    const frames = await client.settled();
    expect(frames.filter(({ type }) => type === 'presence')).toHaveLength(2);
  });

  it('shows the next visitor what the present ones see', async () => {
    const first = await joined('dworld');
    await first.nextOf('server-join');
    await bench.app.log.append(presenceOf(dworld, nntin, 'dnd'));
    await first.nextOf('presence');
    const second = await joined('dworld');
    const { data } = await second.nextOf('server-join');
    expect((data.users as Record<string, unknown>)[nntin.id]).toMatchObject({ status: 'dnd' });
    expect(draw(await first.settled()).get(nntin.id)).toMatchObject({ status: 'dnd' });
    await bench.app.log.append(presenceOf(dworld, nntin, 'online'));
  });

  it('joins, switches and comes back without a hole or an overlap while events stream in', async () => {
    const client = await joined('docs');
    await client.nextOf('server-join');
    let going = true;
    const stream = (async () => {
      while (going) {
        await bench.app.log.append(messageOf(dworld, nntin, 'on and on'));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    let resume: unknown;
    try {
      for (let n = 0; n < 10; n += 1) {
        client.connect({ server: 'dworld', ...(n % 2 === 1 && { resume }) });
        const { data } = await client.nextOf('server-join');
        expect(data.recovered).toBe(n % 2 === 1);
        let expected = Number(String(data.cursor).split(':')[1]);
        for (let frames = 0; frames < 5; frames += 1) {
          const { type, cursor } = await client.next();
          expect([type, Number(cursor?.split(':')[1])]).toEqual(['message', (expected += 1)]);
          resume = cursor;
        }
        client.connect({ server: 'docs' });
        await client.nextOf('server-join');
      }
    } finally {
      going = false;
      await stream;
    }
  });
});
