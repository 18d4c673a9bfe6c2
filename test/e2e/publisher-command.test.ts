import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const root = path.join(import.meta.dirname, '../..');
const userId = '100000000000000001';
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:1';

/** The built program with the publisher beside it, and nothing else: no library, no service. */
let bare: string;
let app: TestApp;
let folder: string;

beforeAll(async () => {
  app = await startTestApp();
  bare = await mkdtemp(path.join(tmpdir(), 'guildcast-bare-'));
  await mkdir(path.join(bare, 'dist'));
  await cp(path.join(root, 'package.json'), path.join(bare, 'package.json'));
  for (const name of ['main.js', 'publisher']) {
    await cp(path.join(root, 'dist', name), path.join(bare, 'dist', name), { recursive: true });
  }
});
afterAll(async () => {
  await app.close();
  await rm(bare, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guildcast-command-'));
});
afterEach(async () => {
  await app.app.get(DataSource).query('truncate notifications, notification_attempts');
  await rm(folder, { recursive: true, force: true });
});

const stored = (): Promise<object[]> =>
  app.app
    .get(DataSource)
    .query('select type, target, payload, message, priority, route from notifications order by id');

async function publish(
  args: string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
) {
  const child = spawn(process.execPath, [path.join(bare, 'dist/main.js'), 'publish', ...args], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      GUILDCAST_URL: app.url,
      GUILDCAST_KEY: testKeys.publish,
      DISCORD_USER_ID: userId,
      GUILDCAST_SPOOL: path.join(folder, 'spool'),
      ...env,
    },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

const spooled = async () =>
  (await readdir(path.join(folder, 'spool'), { recursive: true })).filter((name) => name.endsWith('.json'));

describe('guildcast publish', { timeout: 60_000 }, () => {
  it('sends each kind, with the options of all', async () => {
    const orders: [string[], string?][] = [
      [['backup-error', '--type', 'upload', '--message', '-', '--priority', 'high'], 'line 1\nline 2\n'],
      [['backup-success', '--file', 'world.zip', '--size-mb', '150.5678', '--duration', '45']],
      [['minecraft-status', '--status', 'online', '--ip', 'mc.example.org', '--players', '3']],
      [['codespace-status', '--action', 'stopped', '--detail', 'reason=idle', '--detail', 'after=30=min']],
      [['message', 'hello', '--to-channel', userId]],
      [['message', '-', '--group-key', 'g'], 'piped\n'],
      [['event', '--type', 'deploy', '--payload', '-'], '{"version":"1.2"}'],
      [['test']],
    ];
    for (const [args, input] of orders) {
      expect(await publish(args, { input })).toEqual({
        code: 0,
        out: expect.stringMatching(/^Accepted as \d+\.\n$/) as string,
        err: '',
      });
    }
    expect(await stored()).toMatchObject([
      { type: 'backup_error', target: { userId }, priority: 2, payload: { error_message: 'line 1\nline 2' } },
      { type: 'backup_success', payload: { backup_file: 'world.zip', size_mb: 150.57, duration_seconds: 45 } },
      { type: 'minecraft_status', payload: { ip: 'mc.example.org', port: 25_565, players_online: 3 } },
      { type: 'codespace_status', payload: { details: { reason: 'idle', after: '30=min' } } },
      { type: 'message', target: { channelId: userId }, message: { content: 'hello' } },
      { type: 'message', target: { userId }, message: { content: 'piped' } },
      { type: 'deploy', payload: { version: '1.2' } },
      { type: 'publisher_test' },
    ]);
  });

  it('ends with 2 when it is spooled, with 3 when nothing may be, and `flush` sends it', async () => {
    const away = { env: { GUILDCAST_URL: nowhere } };
    const spool = await publish(['message', 'one'], away);
    expect([spool.code, spool.out]).toEqual([2, expect.stringMatching(/^Spooled as .*not reached/)]);
    const strict = await publish(['message', 'two', '--strict', '--json'], away);
    expect([strict.code, JSON.parse(strict.out)]).toEqual([
      3,
      { state: 'failed', failure: 'unreachable', message: expect.stringContaining('not reached') as string },
    ]);
    expect(await spooled()).toHaveLength(1);
    expect(await publish(['flush'], away)).toMatchObject({
      code: 2,
      out: expect.stringMatching(/1 waiting\. Guildcast is/) as string,
    });
    const status = await publish(['status', '--json'], away);
    expect([status.code, JSON.parse(status.out)]).toMatchObject([
      0,
      { enabled: true, key: true, spool: { waiting: 1 } },
    ]);
    expect(status.out).not.toContain(testKeys.publish);
    // Nothing goes to another Guildcast, unless somebody moves it there.
    expect(await publish(['flush'])).toMatchObject({ code: 0, out: expect.stringContaining('0 accepted') as string });
    const [from] = await spooled();
    const there = JSON.parse((await publish(['status', '--json'])).out) as { spool: { folder: string } };
    await rename(path.join(folder, 'spool', path.dirname(from!)), there.spool.folder);
    expect(await publish(['flush'])).toMatchObject({ code: 0, out: '1 accepted, 0 refused, 0 waiting.\n' });
    expect(await stored()).toMatchObject([{ message: { content: 'one' } }]);
  });

  it('sends what an earlier call has spooled first', async () => {
    const closed = await startTestApp();
    const env = { GUILDCAST_URL: closed.url };
    const database = closed.app.get(DataSource);
    await database.query('alter table notifications rename to away');
    expect((await publish(['event', '--type', 'first'], { env })).code).toBe(2);
    await database.query('alter table away rename to notifications');
    expect((await publish(['event', '--type', 'second'], { env })).code).toBe(0);
    const rows: object[] = await database.query('select type from notifications order by id');
    expect(rows).toEqual([{ type: 'first' }, { type: 'second' }]);
    await closed.close();
  });

  it('ends with 1 when it is refused or cannot be right', async () => {
    const wrongKey = await publish(['message', 'x'], { env: { GUILDCAST_KEY: 'wrong-key-0000001' } });
    expect([wrongKey.code, wrongKey.out]).toEqual([1, '']);
    expect(wrongKey.err).toMatch(/key/i);
    expect(wrongKey.err).not.toContain('wrong-key-0000001');
    const orders: [string[], RegExp, string?][] = [
      [['backup-error', '--type', 'x'], /Missing: --message/],
      [['minecraft-status', '--status', 'online', '--port', 'many'], /--port must be a number/],
      [['message'], /Give one TEXT/],
      [['message', 'a', 'b'], /Give one TEXT/],
      [['message', 'x', '--to-user', userId, '--route', 'ops'], /one place/],
      [['message', 'x', '--priority', 'urgent'], /priority must be one of/],
      [['message', 'x', '--prioriy', 'high'], /--prioriy/],
      [['event', '--type', 'x', '--payload', 'nonsense'], /not JSON/],
      [['event', '--type', '-', '--payload', '-'], /Only one/],
      [['message', '-'], /longer than/, 'x'.repeat(1_100_000)],
      [['nothing'], /no command "nothing"/],
      [['constructor'], /no command/],
      [['status', '--strict'], /--strict/],
      [['codespace-status', '--action', 'error', '--detail', 'nothing'], /NAME=VALUE/],
      [['message', 'x', '--settings', 'none.json'], /none\.json/],
    ];
    for (const [args, message, input] of orders) {
      expect([args, await publish(args, { input })]).toEqual([
        args,
        { code: 1, out: '', err: expect.stringMatching(message) as string },
      ]);
    }
    expect(await stored()).toEqual([]);
  });

  it('takes settings from a file, and says how it stands', async () => {
    const file = path.join(folder, 'publisher.json');
    await writeFile(file, JSON.stringify({ key: testKeys.publish, route: 'ops' }));
    const env = { GUILDCAST_KEY: '', DISCORD_USER_ID: '', GUILDCAST_SETTINGS: file };
    const status = await publish(['status'], { env });
    expect([status.code, status.out]).toEqual([0, expect.stringMatching(/Key +set\nTo +route ops\n/)]);
    expect(await publish(['status'], { env: { ...env, GUILDCAST_SETTINGS: '' } })).toMatchObject({ code: 1 });
    expect(status.out).not.toContain(testKeys.publish);
  });

  it('says so when the spool cannot be looked into', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const env = { GUILDCAST_SPOOL: path.join(folder, 'file') };
    for (const command of ['status', 'flush']) {
      expect([command, await publish([command], { env })]).toEqual([
        command,
        { code: 1, out: '', err: expect.stringMatching(/^The spool \S+ cannot be read \(ENOTDIR\)\.\n$/) as string },
      ]);
    }
    expect(await publish(['message', 'x'], { env })).toMatchObject({ code: 0 });
  });

  it('helps with everything', async () => {
    const overview = await publish(['--help']);
    expect([overview.code, (await publish([])).code, (await publish([])).out]).toEqual([0, 1, overview.out]);
    const commands = [...overview.out.matchAll(/^ {2}([a-z-]+) {2}/gm)].map(([, name]) => name!);
    expect(commands).toHaveLength(9);
    const page = await readFile(path.join(root, 'docs/publisher.md'), 'utf8');
    for (const name of commands) {
      const { code, out } = await publish([name, '--help']);
      expect([code, out]).toEqual([0, expect.stringContaining(`guildcast publish ${name}`)]);
      expect(page).toContain(`guildcast publish ${name}`);
    }
  });
});
