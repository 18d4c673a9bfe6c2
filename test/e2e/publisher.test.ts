import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataSource } from 'typeorm';
import { createPublisher, type Publisher, type PublisherSettings } from '../../src/publisher/index.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const root = path.join(import.meta.dirname, '../..');
const built = path.join(root, 'dist/publisher/index.js');
const program = path.join(root, 'test/support/publisher-program.mjs');
const userId = '100000000000000001';

interface Stored {
  type: string;
  target: object;
  payload: Record<string, unknown>;
}

let app: TestApp;
let proxy: CuttableProxy;
let spool: string;
const publishers: Publisher[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  app = await startTestApp({ RATE_LIMIT_HTTP_PER_MINUTE: '1000000', RATE_LIMIT_PUBLISH_PER_MINUTE: '1000000' });
});
afterAll(() => app.close());
beforeEach(async () => {
  spool = await mkdtemp(path.join(tmpdir(), 'guildcast-publisher-'));
  proxy = await CuttableProxy.to(app.url);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const publisher of publishers.splice(0)) await publisher.close();
  await proxy.close();
  await sql('truncate notifications, notification_attempts');
  await rm(spool, { recursive: true, force: true });
});

const sql = <T>(statement: string): Promise<T[]> => app.app.get(DataSource).query(statement);
const stored = () => sql<Stored>('select type, target, payload from notifications order by id');
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

function settingsWith(more: PublisherSettings = {}): PublisherSettings {
  return { url: proxy.url, key: testKeys.publish, userId, spool, retryBaseMs: 50, retryCapMs: 200, ...more };
}

function publisherWith(more: PublisherSettings = {}): Publisher {
  const publisher = createPublisher(settingsWith(more), {});
  publishers.push(publisher);
  return publisher;
}

async function numbersOf(name: string): Promise<number[]> {
  const payloads = (await stored()).map(({ payload }) => payload as { name: string; number: number });
  return payloads.filter((payload) => payload.name === name).map(({ number }) => number);
}

describe('the publisher', { timeout: 60_000 }, () => {
  it('brings the four events, and any other, to Guildcast', async () => {
    const publisher = publisherWith();
    const results = [
      await publisher.backupError({ type: 'compression', message: 'disk full' }),
      await publisher.backupSuccess({ file: 'world.zip', sizeMb: 150.5678, durationSeconds: 45 }),
      await publisher.minecraftStatus({ status: 'online', ip: 'mc.example.org' }),
      await publisher.codespaceStatus({ action: 'started' }, { priority: 'low' }),
      await publisher.publish({
        type: 'deploy',
        payload: { codespace_name: 'mine' },
        target: { channelId: userId },
        priority: 'high',
        notBefore: new Date(Date.now() + 60_000),
        expiresAt: new Date(Date.now() + 120_000),
        collapseKey: 'deploys',
        groupKey: 'site',
        fallback: { userId },
        locale: 'en',
        delivery: 'pull',
      }),
      await publisher.publish({ message: { content: 'hello', embeds: [{ title: 'there' }] } }),
      await publisher.sendTest(),
    ];
    for (const result of results) {
      expect(result).toEqual({ state: 'accepted', id: expect.stringMatching(/^\d+$/) as string });
    }
    const stamp = { codespace_name: 'Desconocido', timestamp: expect.any(String) as string };
    expect(await stored()).toMatchObject([
      {
        type: 'backup_error',
        target: { userId },
        payload: { error_type: 'backup_compression', error_message: 'disk full', backup_file: null, ...stamp },
      },
      {
        type: 'backup_success',
        payload: { backup_file: 'world.zip', size_mb: 150.57, duration_seconds: 45, ...stamp },
      },
      {
        type: 'minecraft_status',
        payload: { status: 'online', ip: 'mc.example.org', port: 25_565, players_online: 0, ...stamp },
      },
      { type: 'codespace_status', payload: { action: 'started', details: {}, ...stamp } },
      { type: 'deploy', target: { channelId: userId }, payload: { codespace_name: 'mine' } },
      { type: 'message', target: { userId } },
      { type: 'publisher_test', target: { userId } },
    ]);
  });

  it('speaks the dialect too', async () => {
    const result = await publisherWith({ wire: 'event-queue' }).backupError({ type: 'upload', message: 'full' });
    const [{ id }] = (await sql<{ id: string }>('select id from notifications')) as [{ id: string }];
    expect(result).toEqual({ state: 'accepted', id });
    expect(await stored()).toMatchObject([{ type: 'backup_error', target: { userId } }]);
  });

  it('reports a failed backup by the older webhook where no Guildcast is set', async () => {
    const webhookUrl = `${app.url.replace('://', `://any:${testKeys.publish}@`)}/webhook/megacmd`;
    const publisher = createPublisher({ fallback: 'megacmd', webhookUrl, userId, spool }, {});
    expect(await publisher.backupError({ type: 'upload', message: 'full' })).toEqual({ state: 'fallback' });
    expect(await stored()).toMatchObject([{ type: 'backup_error', payload: { error_type: 'backup_upload' } }]);
  });

  it('tells what is refused and why, and keeps nothing of it', async () => {
    const publisher = publisherWith();
    await expect(publisher.publish({ type: 'x', guildId: '900000000000000009' })).rejects.toMatchObject({
      code: 'refused',
      status: 400,
      fault: 'request.invalid',
      message: expect.stringContaining('no such guild') as string,
      errors: [{ path: 'guildId', message: expect.any(String) as string }],
    });
    await expect(publisher.publish({ type: 'x', payload: { text: 'x'.repeat(90_000) } })).rejects.toMatchObject({
      code: 'refused',
      status: 413,
    });
    await expect(publisherWith({ key: testKeys.read }).publish({ type: 'x' })).rejects.toMatchObject({
      code: 'refused',
      status: 403,
    });
    await publisher.publish({ type: 'x', idempotencyKey: 'once' });
    await expect(publisher.publish({ type: 'y', idempotencyKey: 'once' })).rejects.toMatchObject({ status: 422 });
    expect(await stored()).toHaveLength(1);
    expect(await readdir(spool)).toEqual([]);
  });

  it('puts aside what is refused when it comes from the spool', async () => {
    const publisher = publisherWith({ retryBaseMs: 600_000, retryCapMs: 600_000 });
    proxy.cut();
    await publisher.publish({ type: 'x', guildId: '900000000000000009' });
    await publisher.publish({ type: 'y' });
    proxy.mend();
    expect(await publisher.flush()).toEqual({ accepted: 1, rejected: 1, waiting: 0 });
    expect((await stored()).map(({ type }) => type)).toEqual(['y']);
    const [name] = (await readdir(spool, { recursive: true })).filter((file) => file.endsWith('.json'));
    expect(await readFile(path.join(spool, name!), 'utf8')).toContain('no such guild');
  });

  it('keeps what waits with it from one whose key is used, whether they are sent together or alone', async () => {
    const publisher = publisherWith({ retryBaseMs: 600_000, retryCapMs: 600_000 });
    proxy.cut();
    for (const [type, idempotencyKey] of [['a'], ['b', 'once'], ['c', 'once'], ['b', 'once'], ['d']] as const) {
      await publisher.publish({ type, payload: { timestamp: 'now' }, ...(idempotencyKey && { idempotencyKey }) });
    }
    proxy.mend();
    // The same again is the one that there is; another under its key is refused.
    expect(await publisher.flush()).toEqual({ accepted: 4, rejected: 1, waiting: 0 });
    expect((await stored()).map(({ type }) => type)).toEqual(['a', 'b', 'd']);
  });

  it('loses nothing and repeats nothing while Guildcast comes and goes', async () => {
    const publisher = publisherWith();
    let gone = false;
    const toggling = setInterval(() => {
      gone = !gone;
      if (gone) proxy.cut();
      else proxy.mend();
    }, 25);
    for (const number of upTo(100)) {
      await publisher.publish({ type: 'counted', payload: { name: 'a', number }, idempotencyKey: `a-${number}` });
    }
    clearInterval(toggling);
    proxy.mend();
    await vi.waitFor(async () => expect(await numbersOf('a')).toEqual(upTo(100)), { timeout: 30_000 });
    await vi.waitFor(async () => expect((await publisher.status()).spool?.waiting).toBe(0));
  });
});

describe('programs that publish', { timeout: 120_000 }, () => {
  function start(name: string, count: number, more: PublisherSettings = {}, last = '') {
    const args = [program, built, JSON.stringify(settingsWith(more)), name, String(count), last];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    return { child, lines: () => printed.split('\n').slice(0, -1), ended: once(child, 'exit') };
  }

  it('lose nothing that was spooled when they are killed', async () => {
    proxy.cut();
    const told: number[] = [];
    for (const [round, least] of [1, 40, 7, 23].entries()) {
      const { child, lines, ended } = start(`round-${round}`, 0);
      await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(least), { timeout: 20_000, interval: 1 });
      child.kill('SIGKILL');
      await ended;
      expect(lines().every((line) => line.endsWith(' spooled'))).toBe(true);
      told.push(lines().length);
    }
    proxy.mend();
    expect((await publisherWith().flush()).waiting).toBe(0);
    for (const [round, count] of told.entries()) {
      const numbers = await numbersOf(`round-${round}`);
      // One may have been on disk and not yet told.
      expect([count, count + 1]).toContain(numbers.length);
      expect(numbers).toEqual(upTo(numbers.length));
    }
  });

  it('repeat nothing when they are killed while the spool is sent', async () => {
    proxy.cut();
    const filling = start('a', 200);
    await filling.ended;
    proxy.mend();
    for (const least of [5, 60, 120]) {
      const { child, ended } = start('idle', -1, {}, 'flush');
      await vi.waitFor(async () => expect((await numbersOf('a')).length).toBeGreaterThan(least), {
        timeout: 20_000,
        interval: 1,
      });
      child.kill('SIGKILL');
      await ended;
    }
    expect((await publisherWith().flush()).waiting).toBe(0);
    expect(await numbersOf('a')).toEqual(upTo(200));
  });

  it('may share one spool: each keeps its order, and nothing comes twice', async () => {
    proxy.cut();
    const names = ['a', 'b', 'c'];
    const programs = names.map((name) => start(name, 100, {}, 'flush'));
    await vi.waitFor(() => expect(programs.every(({ lines }) => lines().length > 20)).toBe(true), { timeout: 20_000 });
    proxy.mend();
    await Promise.all(programs.map(({ ended }) => ended));
    await publisherWith().flush();
    for (const name of names) expect(await numbersOf(name)).toEqual(upTo(100));
    expect(await stored()).toHaveLength(300);
  });

  it('end when they are done, though something waits in the spool', async () => {
    proxy.cut();
    const { ended, lines } = start('a', 2);
    expect(await ended).toEqual([0, null]);
    expect(lines()).toEqual(['1 spooled', '2 spooled']);
  });
});
