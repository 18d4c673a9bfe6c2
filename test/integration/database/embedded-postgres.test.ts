import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../../src/database/embedded-postgres.js';
import { StartupError } from '../../../src/database/startup-error.js';
import { fromTemplate } from '../../support/embedded-template.js';
import { EmbeddedProcess, ask, makeFolder, processesOf } from './embedded-process.js';

describe('the embedded Postgres', { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof makeFolder>;
  let dataDir: string;
  const started: { stop(): Promise<void> }[] = [];
  const children: EmbeddedProcess[] = [];

  beforeEach(() => {
    folder = makeFolder();
    // Where root may make no user namespace, Postgres runs as a user who must get through.
    chmodSync(folder.path, 0o755);
    dataDir = path.join(folder.path, 'data', 'postgres');
  });

  afterEach(async () => {
    for (const database of started.splice(0)) await database.stop();
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await child.ended;
    }
    await noneLeft();
    folder.remove();
  });

  async function start(at = dataDir) {
    const database = await startEmbeddedPostgres({ dataDir: at });
    started.push(database);
    return database;
  }

  function startChild(options?: Parameters<typeof EmbeddedProcess.start>[1]) {
    const child = EmbeddedProcess.start(dataDir, options);
    children.push(child);
    return child;
  }

  async function readyUrl(child: EmbeddedProcess): Promise<string> {
    const said = await child.said();
    if (said.kind !== 'ready') throw new Error(`not ready but ${JSON.stringify(said)}`);
    return said.url;
  }

  function noneLeft(): Promise<void> {
    return vi.waitFor(() => expect(processesOf(folder.path)).toEqual([]), { timeout: 15_000 });
  }

  function postmaster(): number {
    return Number.parseInt(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8'), 10);
  }

  it('keeps its data from one start to the next, and ends with stop', async () => {
    await fromTemplate(dataDir);
    const first = await start();
    await ask(first.url, 'create table kept (word text)');
    await ask(first.url, `insert into kept values ('still here')`);
    await first.stop();
    await first.stop();
    expect(processesOf(folder.path)).toEqual([]);
    const second = await start();
    expect(await ask(second.url, 'select word from kept')).toEqual([{ word: 'still here' }]);
  });

  it('is small, but writes as safely as Postgres does by itself', async () => {
    await fromTemplate(dataDir);
    const { url } = await start();
    const rows = await ask<{ name: string; setting: string }>(
      url,
      `select name, current_setting(name) as setting from pg_settings
       where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'listen_addresses')
       order by name`,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      listen_addresses: '',
      shared_buffers: '64MB',
      synchronous_commit: 'on',
    });
    expect(await ask(url, `select lower('ÄÖÜ') as word`)).toEqual([{ word: 'äöü' }]);
  });

  it('refuses a directory that is in use, in one sentence, and leaves the first in peace', async () => {
    await fromTemplate(dataDir);
    const first = await start();
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(StartupError);
    const said = await startChild().said();
    expect(said).toMatchObject({ kind: 'refused', name: 'StartupError' });
    expect(said).toHaveProperty('message', expect.stringMatching(/^The data directory .* is in use \(.*\): .*\.$/));
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('lets one of two first starts win', async () => {
    const said = await Promise.all([startChild(), startChild()].map((child) => child.said()));
    expect(said.map(({ kind }) => kind).sort()).toEqual(['ready', 'refused']);
    expect(said.find(({ kind }) => kind === 'refused')).toHaveProperty('message', expect.stringContaining('in use'));
    expect(readdirSync(path.dirname(dataDir))).toEqual(['postgres']);
  });

  it('sweeps what starts that were killed halfway left behind', async () => {
    const gone = spawn('true');
    await new Promise((resolve) => gone.once('close', resolve));
    const unfinished = `${dataDir}.init-${gone.pid}-00000000`;
    const socket = path.join(tmpdir(), `guildcast-pg-${gone.pid}-stale1`);
    mkdirSync(path.join(unfinished, 'base'), { recursive: true });
    mkdirSync(socket);
    const first = await start();
    expect(existsSync(unfinished)).toBe(false);
    expect(existsSync(socket)).toBe(false);
    expect(readdirSync(path.dirname(dataDir))).toEqual(['postgres']);
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('leaves no process behind when its program is killed under load, and starts again at once', async () => {
    await fromTemplate(dataDir);
    const child = startChild();
    const url = await readyUrl(child);
    await ask(url, 'create table load (n int)');
    const load = Array.from({ length: 4 }, () =>
      ask(url, 'insert into load select generate_series(1, 5000000)').catch(() => []),
    );
    await vi.waitFor(
      async () => {
        const active = `select 1 from pg_stat_activity where query like 'insert%' and state = 'active'`;
        expect(await ask(url, active)).toHaveLength(4);
      },
      { timeout: 10_000 },
    );
    child.kill('SIGKILL');
    await child.ended;
    const next = await start();
    await Promise.all(load);
    expect(await ask(next.url, 'select count(*)::int as rows from load')).toEqual([{ rows: 0 }]);
    await next.stop();
    await noneLeft();
  });

  it('ends by itself when its program is killed and nobody starts another', async () => {
    await fromTemplate(dataDir);
    const child = startChild();
    await readyUrl(child);
    expect(processesOf(folder.path)).not.toEqual([]);
    child.kill('SIGKILL');
    await noneLeft();
  });

  it('stays up while its program drains after Ctrl-C', async () => {
    await fromTemplate(dataDir);
    const child = startChild();
    await readyUrl(child);
    child.killGroup('SIGINT');
    expect(await child.said()).toEqual({ kind: 'ended', answer: 'drained' });
    await noneLeft();
  });

  it('comes back at the same address when it ends by itself', async () => {
    await fromTemplate(dataDir);
    const { url } = await start();
    const former = postmaster();
    process.kill(former, 'SIGKILL');
    await vi.waitFor(async () => expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]), { timeout: 20_000 });
    expect(postmaster()).not.toBe(former);
  });

  it('is not fooled by a stale lock whose number another process has now', async () => {
    await fromTemplate(dataDir);
    const stranger = spawn('sleep', ['60']);
    const lock = [stranger.pid, dataDir, 1, 5432, dataDir, '', '0 0', 'ready'].join('\n');
    writeFileSync(path.join(dataDir, 'postmaster.pid'), `${lock}\n`);
    const { url } = await start();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
  });

  it.each([
    ['with spaces, commas and quotes', `a folder, "called" it's`],
    ['too long for a socket', 'x'.repeat(150)],
  ])('takes a path %s, and leaves nothing in the temp folder', async (_, name) => {
    const at = path.join(folder.path, name, 'postgres');
    await fromTemplate(at);
    const database = await start(at);
    expect(await ask(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const socket = new URL(database.url).searchParams.get('host')!;
    expect(path.dirname(socket)).toBe(tmpdir());
    await database.stop();
    expect(existsSync(socket)).toBe(false);
  });

  it('says in one sentence when no path is short enough for a socket', async () => {
    const temp = path.join(folder.path, 't'.repeat(100));
    mkdirSync(temp);
    dataDir = path.join(folder.path, 'x'.repeat(150), 'postgres');
    await fromTemplate(dataDir);
    const said = await startChild({ env: { TMPDIR: temp } }).said();
    expect(said).toMatchObject({ kind: 'refused', name: 'StartupError' });
    expect(said).toHaveProperty('message', expect.stringMatching(/^Neither .* short enough for a Unix socket .*\.$/));
  });

  it('says in one sentence what is wrong with a directory', async () => {
    const file = path.join(folder.path, 'file');
    writeFileSync(file, 'not a folder');
    const refusal = (at: string) => expect(startEmbeddedPostgres({ dataDir: at })).rejects;
    await refusal(path.join(file, 'postgres')).toThrow(/^The data directory .* is not a folder\. Choose another/);
    await refusal(folder.path).toThrow(/holds files that are not a database of ours/);
    await refusal('/proc/guildcast/postgres').toThrow(/^The data directory .* \/proc\/guildcast cannot be made/);
    await refusal(`/${'long/'.repeat(200)}postgres`).toThrow(/is too long/);
  });

  it('says that there are no binaries for a machine, and names the way out', async () => {
    const real = Object.getOwnPropertyDescriptor(process, 'arch')!;
    Object.defineProperty(process, 'arch', { ...real, value: 'pdp11' });
    try {
      await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/no embedded Postgres .*DATABASE_URL/);
    } finally {
      Object.defineProperty(process, 'arch', real);
    }
  });

  it('passes on what Postgres says when the data is from another version', async () => {
    await fromTemplate(dataDir);
    writeFileSync(path.join(dataDir, 'PG_VERSION'), '9.6\n');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/did not start: .*version 9\.6.*\.$/);
  });
});
