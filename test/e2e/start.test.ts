import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromTemplate } from '../support/embedded-template.js';
import { type GuildcastProcess, spawnGuildcast, startGuildcast } from '../support/guildcast-process.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');

async function makeFolder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'guildcast-start-'));
  // Where root may make no user namespace, Postgres runs as a user who must get through.
  await chmod(made, 0o755);
  return made;
}

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Makes it the `DATA_DIR` of a Guildcast that ran before. */
function used(dataDir: string): Promise<void> {
  return fromTemplate(path.join(dataDir, 'postgres'));
}

/** Processes that have this folder on their command line: its database, whoever started it. */
async function processesOf(dataDir: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid,stat,args']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(dataDir) && line.includes('postgres') && !/^\s*\d+ Z/.test(line));
}

/** Runs the program to its end, which must come by itself. */
async function refusal(
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; output: string }> {
  const { child, output } = spawnGuildcast(env, args);
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(late);
  return { code, output: output().trim() };
}

/** One story, since every start costs seconds. */
describe('the embedded start, in a folder whose path is longer than any Unix socket may be', () => {
  let outer: string;
  let data: string;
  let running: GuildcastProcess | undefined;
  let adminKey: string;
  let notification: string;

  beforeAll(async () => {
    outer = await makeFolder();
    data = path.join(outer, 'a-rather-long-name-for-a-directory'.repeat(4), 'another-one'.repeat(6));
  });
  afterAll(async () => {
    await running?.kill();
    await rm(outer, { recursive: true, force: true });
  });

  async function start(): Promise<GuildcastProcess> {
    running = await startGuildcast({ embedded: true, env: { DATA_DIR: data, LOG_FORMAT: undefined } });
    return running;
  }

  it('prints one banner, serves live demo guilds, and stops without a trace', async () => {
    const first = await start();
    const page = await fetch(`${first.url}/`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    for (const fact of [`${first.url}/`, first.url.replace('http', 'ws'), 'mock', data, 'admin.key']) {
      expect(first.output()).toContain(fact);
    }
    adminKey = (await readFile(path.join(data, 'admin.key'), 'utf8')).trim();
    expect((await stat(path.join(data, 'admin.key'))).mode & 0o777).toBe(0o600);
    expect(first.output()).not.toContain(adminKey);
    const client = await SocketIoClient.open(first.url);
    await client.ask('join', { guildId: 'dworld' });
    await vi.waitFor(() => expect(client.events.length).toBeGreaterThan(0), { timeout: 10_000 });
    const published = await fetch(`${first.url}/api/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
      body: JSON.stringify({ target: { userId: '123456789' }, type: 'x', payload: {} }),
    });
    notification = ((await published.json()) as { links: { self: string } }).links.self;
    const zone = await WebSocketClient.open(first.url);
    expect((await processesOf(data)).length).toBeGreaterThan(0);
    expect(await first.stop()).toBe(0);
    await zone.until(() => zone.closed !== undefined, 5_000);
    expect(zone.closed?.code).toBe(3001);
    client.close();
    expect(await processesOf(data)).toEqual([]);
    expect(first.output()).not.toMatch(/warning/i);
  }, 120_000);

  it('keeps its data, and refuses another Guildcast on it, in one sentence', async () => {
    const second = await start();
    const kept = await fetch(second.url + notification, { headers: { authorization: `Bearer ${adminKey}` } });
    expect(await kept.json()).toMatchObject({ type: 'x', target: { userId: '123456789' }, deliveredAt: null });
    const { code, output } = await refusal({ DATA_DIR: data });
    expect(code).toBe(1);
    expect(output).toMatch(/in use/i);
    expect(output).toContain(data);
    expect(output.split('\n')).toHaveLength(1);
    expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
  }, 120_000);

  it('leaves no orphan after kill -9, and the next start just works', async () => {
    const second = running!;
    expect((await processesOf(data)).length).toBeGreaterThan(0);
    await second.kill();
    // At once: while the database of the killed one may still be ending.
    const third = await start();
    expect((await fetch(`${third.url}/readyz`)).status).toBe(200);
    await third.kill();
    await vi.waitFor(async () => expect(await processesOf(data)).toEqual([]), { timeout: 10_000, interval: 100 });
  }, 120_000);
});

describe('a start that cannot be', () => {
  it('refuses a busy port in one sentence, and takes its database down with it', async () => {
    await used(folder);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, output } = await refusal({ DATA_DIR: folder, PORT: String(port), LOG_LEVEL: 'silent' });
    server.close();
    expect(code).toBe(1);
    expect(output.split('\n').at(-1)).toMatch(new RegExp(`Port ${port} on 127.0.0.1 is taken`));
    expect(await processesOf(folder)).toEqual([]);
  }, 40_000);

  it('refuses a directory it may not write, in one sentence', async () => {
    const closed = path.join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    const { uid } = await stat(closed);
    // Root may write everywhere but where nobody can.
    const DATA_DIR = uid === 0 ? '/proc/guildcast' : path.join(closed, 'data');
    const { code, output } = await refusal({ DATA_DIR });
    expect(code).toBe(1);
    expect(output.split('\n')).toHaveLength(1);
    expect(output).toContain(DATA_DIR);
  }, 30_000);

  it('refuses wrong settings with all faults at once', async () => {
    const { code, output } = await refusal({ DATA_DIR: folder, PORT: 'x', HISTORY_SIZE: '0' });
    expect(code).toBe(1);
    expect(output).toContain('PORT');
    expect(output).toContain('HISTORY_SIZE');
    expect(output).not.toContain('    at ');
  });

  it('refuses a database that is not there, without its password', async () => {
    const { code, output } = await refusal({
      DATA_DIR: folder,
      DATABASE_URL: 'postgres://me:hunter22@127.0.0.1:9/nothing',
    });
    expect(code).toBe(1);
    expect(output.split('\n').at(-1)).toContain('127.0.0.1');
    expect(output).not.toContain('hunter22');
    expect(output).not.toContain('    at ');
  }, 30_000);
});

describe('the command line', () => {
  it('explains itself', async () => {
    const { code, output } = await refusal({}, ['--help']);
    expect(code).toBe(0);
    expect(output).toContain('DISCORD_TOKEN');
    expect((await refusal({}, ['--version'])).output).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('refuses an unknown flag in one sentence', async () => {
    const { code, output } = await refusal({}, ['--frobnicate']);
    expect(code).toBe(1);
    expect(output.split('\n')).toHaveLength(1);
  });
});

describe('npm start', () => {
  it('builds and starts, and SIGTERM ends all of it', async () => {
    const child = spawn('npm', ['start'], {
      cwd: root,
      detached: true,
      env: { ...process.env, PORT: '0', DATA_DIR: folder, DISCORD_TOKEN: '', DATABASE_URL: '' },
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    try {
      await vi.waitFor(() => expect(printed).toContain('is running'), { timeout: 30_000, interval: 100 });
      child.kill('SIGTERM');
      await once(child, 'exit');
      await vi.waitFor(async () => expect(await processesOf(folder)).toEqual([]), { timeout: 15_000, interval: 100 });
      const { stdout } = await run('ps', ['-eo', 'pgid,args']);
      expect(stdout.split('\n').filter((line) => line.trim().startsWith(`${child.pid} `))).toEqual([]);
    } finally {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // All of them are gone already, as they should be.
      }
    }
  }, 60_000);
});
