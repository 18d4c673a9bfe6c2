import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { PublisherPeer } from '../support/publisher-peer.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const run = promisify(execFile);
const folder = path.join(import.meta.dirname, '../../examples/python');
const userId = '100000000000000001';

/** Missing on some machines: the tests then say so by being skipped under a name that tells why. */
const python = (() => {
  try {
    return execFileSync('python3', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();
const name = `the Python example (${python ?? 'SKIPPED: there is no python3 on this machine'})`;

describe.skipIf(python === undefined)(name, { timeout: 60_000 }, () => {
  let app: TestApp;
  let proxy: CuttableProxy;
  let home: string;
  beforeAll(async () => {
    app = await startTestApp();
    proxy = await CuttableProxy.to(app.url);
    home = await mkdtemp(path.join(tmpdir(), 'guildcast-python-'));
  });
  afterAll(async () => {
    await proxy.close();
    await app.close();
    await rm(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    proxy.mend();
    await sql('truncate notifications, notification_attempts');
  });

  const sql = (statement: string): Promise<object[]> => app.app.get(DataSource).query(statement);
  const stored = () => sql('select type, target, payload from notifications order by id');

  async function tell(lines: string, env: Record<string, string> = {}): Promise<string> {
    const { stdout } = await run('python3', ['-c', `from guildcast_publisher import *\n${lines}`], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        PYTHONDONTWRITEBYTECODE: '1',
        GUILDCAST_URL: proxy.url,
        GUILDCAST_KEY: testKeys.publish,
        DISCORD_USER_ID: userId,
        ...env,
      },
    });
    return stdout.trim();
  }

  it('has at most sixty lines', async () => {
    const text = await readFile(path.join(folder, 'guildcast_publisher.py'), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });

  it('sends the four events, and any other', async () => {
    const printed = await tell(`
print(backup_error('compression', 'disk full ñ'))
print(backup_success('world.zip', 150.5678, 45.239))
print(minecraft_status('online', ip='mc.example.org', players_online=3))
print(codespace_status('started', {'after': 3}, priority='low'))
print(publish('deploy', {'codespace_name': 'mine'}, target={'channelId': '${userId}'}))`);
    expect(printed).toMatch(/^\d+\n\d+\n\d+\n\d+\n\d+$/);
    const stamp = { codespace_name: 'Desconocido', timestamp: expect.stringMatching(/\+00:00$/) as string };
    expect(await stored()).toMatchObject([
      {
        type: 'backup_error',
        target: { userId },
        payload: { error_type: 'backup_compression', error_message: 'disk full ñ', backup_file: null, ...stamp },
      },
      { type: 'backup_success', payload: { backup_file: 'world.zip', size_mb: 150.57, duration_seconds: 45.24 } },
      {
        type: 'minecraft_status',
        payload: { status: 'online', ip: 'mc.example.org', port: 25_565, players_online: 3 },
      },
      { type: 'codespace_status', payload: { action: 'started', details: { after: 3 } } },
      { type: 'deploy', target: { channelId: userId }, payload: { codespace_name: 'mine' } },
    ]);
  });

  it('keeps what it cannot send, and sends it once and in order with the next', async () => {
    proxy.cut();
    expect(await tell(`print(publish('one', {}), publish('two', {}))`)).toBe('None None');
    const spool = await readFile(path.join(home, '.guildcast-spool'), 'utf8');
    expect(spool.trim().split('\n')).toHaveLength(2);
    expect(spool).not.toContain(testKeys.publish);
    proxy.mend();
    expect(await tell(`print(publish('three', {}))`)).toMatch(/^\d+$/);
    expect(await stored()).toMatchObject([{ type: 'one' }, { type: 'two' }, { type: 'three' }]);
    expect(await tell('print(flush())')).toBe('0');
    expect(await stored()).toHaveLength(3);
  });

  it('tells a refusal, and puts aside what is refused later', async () => {
    const bad = `publish('x', {}, guildId='900000000000000009')`;
    const caught = `
try: print(${bad})
except Refused as error: print('refused', error)`;
    expect(await tell(caught)).toMatch(/^refused .*no such guild/);
    proxy.cut();
    expect(await tell(caught)).toBe('None');
    proxy.mend();
    expect(await tell(`print(publish('y', {}))`)).toMatch(/^\d+$/);
    expect(await readFile(path.join(home, '.guildcast-spool.rejected'), 'utf8')).toContain('no such guild');
    expect(await stored()).toMatchObject([{ type: 'y' }]);
  });

  it('keeps what somebody else answers to, such as a tunnel whose Guildcast is away', async () => {
    const peer = await PublisherPeer.start();
    try {
      const env = { GUILDCAST_URL: peer.url, HOME: await mkdtemp(path.join(home, 'kept-')) };
      const answers = [
        { status: 404, body: '<h1>There is no tunnel of this name</h1>' },
        { status: 400, body: { error: 'bad gateway' } },
        { status: 200, body: '<html>Log in</html>' },
        { status: 200, body: ['a list'] },
      ];
      for (const answer of answers) {
        peer.script = () => answer;
        expect(await tell(`print(publish('x', {}))`, env)).toBe('None');
      }
      peer.script = (request) => peer.accept(request);
      expect(await tell('print(flush())', env)).toBe('0');
      expect(peer.accepted).toHaveLength(answers.length);
    } finally {
      await peer.stop();
    }
  });

  it('tells that the key is refused, and sends what waited once there is a right one', async () => {
    const caught = `
try: publish('x', {})
except PermissionError: print('key')`;
    expect(await tell(caught, { GUILDCAST_KEY: testKeys.read })).toBe('key');
    expect(await tell('print(flush())')).toBe('0');
    expect(await stored()).toMatchObject([{ type: 'x' }]);
    expect(await readdir(folder)).toEqual(['guildcast_publisher.py']);
  });
});
