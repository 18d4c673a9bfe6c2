import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ClientOptions, type ClientRoom, connect, type GuildClient, type Joined } from '../../src/client/index.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../support/events.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const dworld = '232769614004748288';
const nntin = memberOf('123456789012345004', { displayName: 'NNTin', roleColor: '#96ceb4' });
const guest = memberOf('123456789012345900', { displayName: 'Guest' });
const soon = { timeout: 15_000 };

const clients: GuildClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open(url: string, options: ClientOptions = {}): GuildClient {
  const client = connect(url, { backoff: { baseMs: 50, capMs: 200 }, ...options });
  clients.push(client);
  return client;
}

/** Everything that a room told, in order. */
function listen(room: ClientRoom): { joins: Joined[]; cursors: string[]; statuses: string[] } {
  const told = { joins: [] as Joined[], cursors: [] as string[], statuses: [] as string[] };
  room.on('joined', (joined) => told.joins.push(joined));
  room.on('event', ({ cursor }) => told.cursors.push(cursor));
  room.on('status', ({ name }) => told.statuses.push(name));
  return told;
}

const untilLive = (room: ClientRoom) => vi.waitFor(() => expect(room.status).toEqual({ name: 'live' }), soon);

/** Compares at one place of the log, to which both come sooner or later, also while the guild lives on. */
async function expectSameAsRest(room: ClientRoom, url: string): Promise<void> {
  await vi.waitFor(async () => {
    const answer = await fetch(`${url}/api/v1/guilds/${room.reference}`);
    const snapshot = (await answer.json()) as GuildSnapshot;
    const { name, iconUrl, members } = room.guild!;
    const online = [...members.values()].filter(({ status }) => status !== 'offline').length;
    const { guild } = snapshot;
    expect(room.cursor).toBe(snapshot.cursor);
    expect([...members.values()]).toEqual(snapshot.members);
    expect([name, iconUrl, members.size, online]).toEqual([
      guild.name,
      guild.iconUrl,
      guild.memberCount,
      guild.onlineCount,
    ]);
  }, soon);
}

describe('the client before the application', () => {
  let app: TestApp;
  let proxy: CuttableProxy;

  beforeAll(async () => {
    app = await startTestApp();
    proxy = await CuttableProxy.to(app.url);
  });
  afterAll(async () => {
    await proxy.close();
    await app.close();
  });

  it.each([['websocket'], ['polling']] as const)('shows over %s what REST shows, event by event', async (transport) => {
    const room = open(app.url, { transports: [transport] }).join('dworld');
    const { joins, cursors } = listen(room);
    await untilLive(room);
    await expectSameAsRest(room, app.url);
    for (const event of [
      joinOf(dworld, guest),
      presenceOf(dworld, guest, 'dnd'),
      presenceOf(dworld, memberOf('123456789012345999'), 'idle'),
      { type: 'guild.updated' as const, guildId: dworld, data: { guild: { name: 'New world', iconUrl: null } } },
      leaveOf(dworld, guest),
    ]) {
      const { cursor } = await app.log.append(event);
      await vi.waitFor(() => expect(cursors.at(-1)).toBe(cursor), soon);
      await expectSameAsRest(room, app.url);
    }
    expect(joins.map(({ recovered }) => recovered)).toEqual([false]);
  });

  it('goes on after a cut without a hole, as often as it is cut', async () => {
    const client = open(proxy.url);
    const [room, docs] = [client.join('dworld'), client.join('docs')];
    const { joins, cursors, statuses } = listen(room);
    await Promise.all([untilLive(room), untilLive(docs)]);
    const sent: string[] = [];
    const append = async (text: string) => {
      sent.push((await app.log.append(messageOf(dworld, nntin, text))).cursor);
      sent.push((await app.log.append(presenceOf(dworld, nntin, sent.length % 4 ? 'idle' : 'online'))).cursor);
    };
    for (const round of ['first', 'second', 'third']) {
      await append(`before the ${round} cut`);
      proxy.cut();
      await vi.waitFor(() => expect(room.status.name).toBe('waiting'), soon);
      await append('while away');
      proxy.mend();
      await Promise.all([untilLive(room), untilLive(docs)]);
      await append('after');
    }
    await vi.waitFor(() => expect(cursors.at(-1)).toBe(sent.at(-1)), soon);
    expect(cursors).toEqual(sent);
    expect(joins.map(({ recovered }) => recovered)).toEqual([false, true, true, true]);
    expect(statuses.filter((name) => name !== 'waiting' && name !== 'connecting')).toEqual(Array(4).fill('live'));
    await expectSameAsRest(room, app.url);
  });

  it('says when it tries next, and tries at once when asked to', async () => {
    const client = open(proxy.url, { backoff: { baseMs: 3_600_000, capMs: 3_600_000 } });
    const room = client.join('dworld');
    await untilLive(room);
    proxy.cut();
    await vi.waitFor(() => expect(client.status.name).toBe('waiting'), soon);
    expect(client.status).toMatchObject({ until: expect.any(Number) as number });
    proxy.mend();
    client.retryNow();
    await untilLive(room);
  });

  it('leaves a room and hears no more of it, while another goes on', async () => {
    const client = open(app.url);
    const [room, docs] = [client.join('dworld'), client.join('docs')];
    const [left, kept] = [listen(room), listen(docs)];
    await Promise.all([untilLive(room), untilLive(docs)]);
    room.leave();
    const again = client.join('dworld');
    const entered = listen(again);
    await untilLive(again);
    await app.log.append(presenceOf(dworld, nntin, 'idle'));
    await app.log.append(presenceOf('482241773318701056', nntin, 'idle'));
    await vi.waitFor(() => expect([entered.cursors.length, kept.cursors.length]).toEqual([1, 1]), soon);
    expect(left).toMatchObject({ cursors: [], statuses: ['live', 'closed'] });
  });

  it('is refused at a guarded guild with the reason, and let in with a key', async () => {
    const client = open(app.url);
    const room = client.join('oauth');
    await vi.waitFor(() => expect(room.status.name).toBe('refused'), soon);
    expect(room.status).toMatchObject({ fault: { code: 'guild.guarded' } });
    expect(room.status).not.toHaveProperty('until');
    const admitted = client.join('oauth', { key: testKeys.read });
    await untilLive(admitted);
    expect(admitted.guild?.door).toBe('discord');
  });

  it('waits as long as a limit of joins says', async () => {
    const limited = await startTestApp({ RATE_LIMIT_JOINS_PER_MINUTE: '1' });
    try {
      const client = open(limited.url);
      await untilLive(client.join('docs'));
      const before = Date.now();
      const room = client.join('dworld');
      await vi.waitFor(() => expect(room.status.name).toBe('refused'), soon);
      const { fault, until } = room.status as { fault: { code: string; retryAfter: number }; until: number };
      expect(fault.code).toBe('rate.limited');
      expect(fault.retryAfter).toBeGreaterThan(0);
      expect(until).toBeGreaterThanOrEqual(before + fault.retryAfter * 1_000);
    } finally {
      await limited.close();
    }
  });

  it('waits outside a full house as long as it says, and comes in when there is room', async () => {
    const small = await startTestApp({ MAX_CONNECTIONS: '1' });
    try {
      const first = open(small.url);
      await untilLive(first.join('docs'));
      const second = open(small.url);
      const room = second.join('docs');
      await vi.waitFor(() => expect(second.status).toHaveProperty('closing.reason', 'service-full'), soon);
      expect(room.status).toEqual(second.status);
      first.close();
      await vi.waitFor(() => {
        second.retryNow();
        expect(room.status.name).toBe('live');
      }, soon);
    } finally {
      await small.close();
    }
  });

  it('runs in Node as it was built, and its end lets the process end', async () => {
    const built = path.join(import.meta.dirname, '../../dist/client/index.js');
    const script = `
      import { connect } from ${JSON.stringify(built)};
      const client = connect(${JSON.stringify(app.url)});
      const room = client.join('docs');
      room.on('joined', ({ guild }) => {
        console.log(guild.name);
        client.close();
      });`;
    const args = ['--input-type=module', '--eval', script];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
    expect([stdout, stderr]).toEqual(['Docs (WIP)\n', '']);
  });
});

describe('the client before the program', () => {
  let program: GuildcastProcess;

  const start = async (port = '0') => {
    program = await startGuildcast({ env: { PORT: port, MOCK_PACE: '20' } });
  };
  beforeAll(() => start());
  afterAll(() => program?.kill());

  it('starts anew after it was killed and started again, and then shows what REST shows', async () => {
    const { url } = program;
    const client = open(url);
    const room = client.join('dworld');
    const { joins, cursors } = listen(room);
    await vi.waitFor(() => expect(cursors.length).toBeGreaterThan(2), soon);
    await expectSameAsRest(room, url);
    const epoch = room.cursor?.split(':')[0];

    await program.kill();
    await vi.waitFor(() => expect(room.status.name).toBe('waiting'), soon);
    const before = cursors.length;
    await start(new URL(url).port);
    await untilLive(room);
    expect(joins.map(({ recovered }) => recovered)).toEqual([false, false]);
    await vi.waitFor(() => expect(cursors.length).toBeGreaterThan(before + 2), soon);
    expect(room.cursor?.split(':')[0]).not.toBe(epoch);
    const [first = 0, ...more] = cursors.slice(before).map((cursor) => Number(cursor.split(':')[1]));
    expect(more).toEqual(more.map((_, index) => first + index + 1));
    await expectSameAsRest(room, url);
  }, 60_000);

  it('sees an orderly end as a loss like any other', async () => {
    const { url } = program;
    const room = open(url).join('docs');
    await untilLive(room);
    expect(await program.stop()).toBe(0);
    await vi.waitFor(() => expect(room.status.name).toBe('waiting'), soon);
    await start(new URL(url).port);
    await untilLive(room);
  }, 60_000);
});
