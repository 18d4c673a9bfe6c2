import { chmodSync, chownSync, copyFileSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { locateBinaries } from '../../../src/database/embedded/postgres-binaries.js';
import { choosePostgresUser } from '../../../src/database/embedded/postgres-user.js';
import { StartupError } from '../../../src/database/startup-error.js';
import { fromTemplate } from '../../support/embedded-template.js';
import { EmbeddedProcess, ask, makeFolder, processesOf, type Said } from './embedded-process.js';

const root = process.getuid?.() === 0;
const nobody = 65534;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
// Another user can run this program only where the project's folder lets them in: not below root's own home.
const othersMayEnter = root && spawnSync(asNobody[0]!, [...asNobody.slice(1), 'ls', import.meta.dirname]).status === 0;

describe('the user of the embedded Postgres', { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof makeFolder>;
  const children: EmbeddedProcess[] = [];

  beforeEach(() => {
    folder = makeFolder();
    chmodSync(folder.path, 0o755);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await child.ended;
    }
    await vi.waitFor(() => expect(processesOf(folder.path)).toEqual([]), { timeout: 15_000 });
    folder.remove();
  });

  /** A database made before, which spares the time of making one; by the user of this test unless `owner` is another. */
  async function used(dataDir: string, owner?: number): Promise<void> {
    await fromTemplate(dataDir);
    if (owner !== undefined) spawnSync('chown', ['-R', String(owner), path.dirname(dataDir)]);
  }

  function start(dataDir: string, options?: Parameters<typeof EmbeddedProcess.start>[1]): EmbeddedProcess {
    const child = EmbeddedProcess.start(dataDir, options);
    children.push(child);
    return child;
  }

  async function runOnce(dataDir: string, statement: string, options?: Parameters<typeof EmbeddedProcess.start>[1]) {
    const child = start(dataDir, options);
    const url = readyUrl(await child.said());
    const rows = await ask(url, statement);
    child.kill('SIGTERM');
    expect(await child.said()).toMatchObject({ kind: 'ended' });
    return rows;
  }

  function readyUrl(said: Said): string {
    if (said.kind !== 'ready') throw new Error(`not ready but ${JSON.stringify(said)}`);
    return said.url;
  }

  /** The program alone: without a library it says what it says where their links are missing or out of reach. */
  function withoutLibraries(home: string): string {
    const native = path.join(home, 'native');
    mkdirSync(path.join(native, 'lib'), { recursive: true });
    mkdirSync(path.join(native, 'bin'));
    copyFileSync(path.join(locateBinaries(), 'bin', 'postgres'), path.join(native, 'bin', 'postgres'));
    return native;
  }

  /** A PATH on which the named programs cannot be used. */
  function pathWithout(...programs: string[]): NodeJS.ProcessEnv {
    const directory = path.join(folder.path, `without-${programs.join('-')}`);
    mkdirSync(directory);
    for (const program of programs)
      writeFileSync(path.join(directory, program), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    return { PATH: `${directory}:${process.env.PATH}` };
  }

  it('needs no programs to end with a killed parent: the next start ends what was left', async () => {
    const programs = path.join(folder.path, 'programs');
    mkdirSync(programs);
    symlinkSync('/bin/sh', path.join(programs, 'sh'));
    const dataDir = path.join(folder.path, 'data', 'postgres');
    await used(dataDir);
    const child = start(dataDir, { env: { PATH: programs } });
    readyUrl(await child.said());
    child.kill('SIGKILL');
    await child.ended;
    expect(processesOf(` -D ${dataDir} `.trim().slice(3))).not.toEqual([]);
    expect(await runOnce(dataDir, 'select 1 as one', { env: { PATH: programs } })).toEqual([{ one: 1 }]);
  });

  it('says in one sentence that the binaries lack links', () => {
    const native = withoutLibraries(folder.path);
    const choose = () => choosePostgresUser(native, path.join(folder.path, 'postgres'));
    expect(choose).toThrow(/^The embedded Postgres lacks links .*link-postgres.*DATABASE_URL\.$/);
    expect(choose).toThrow(StartupError);
  });

  it.runIf(root)('says in one sentence that a user may not enter the folder of the binaries', () => {
    const shut = path.join(folder.path, 'shut');
    mkdirSync(shut, { mode: 0o700 });
    const native = withoutLibraries(shut);
    const dataDir = path.join(folder.path, 'data', 'postgres');
    mkdirSync(dataDir, { recursive: true });
    chownSync(dataDir, nobody, nobody);
    expect(() => choosePostgresUser(native, dataDir)).toThrow(
      /^The embedded Postgres cannot start because user 65534, .* may not enter .*DATABASE_URL\.$/,
    );
  });

  it.runIf(root)('is root in disguise in a folder of root, whatever its mode', async () => {
    chmodSync(folder.path, 0o700);
    const dataDir = path.join(folder.path, 'postgres');
    await used(dataDir);
    await runOnce(dataDir, 'select 1');
    expect(statSync(dataDir).uid).toBe(0);
  });

  it.runIf(root)('is nobody where user namespaces are barred, and keeps what was made before', async () => {
    const dataDir = path.join(folder.path, 'data', 'postgres');
    await used(dataDir);
    const barred = { env: pathWithout('unshare') };
    await runOnce(dataDir, `create table kept as select 'word' as word`);
    expect(await runOnce(dataDir, 'select word from kept', barred)).toEqual([{ word: 'word' }]);
    expect(statSync(dataDir).uid).toBe(nobody);
    expect(await runOnce(dataDir, 'select word from kept')).toEqual([{ word: 'word' }]);
  });

  it.runIf(root)('says in one sentence that nobody may not enter a folder', async () => {
    chmodSync(folder.path, 0o700);
    const child = start(path.join(folder.path, 'data', 'postgres'), { env: pathWithout('unshare') });
    expect(await child.said()).toMatchObject({
      kind: 'refused',
      name: 'StartupError',
      message: expect.stringMatching(/^User 65534, .* may not enter .*data: .*\.$/) as string,
    });
  });

  it.runIf(root)('is the user whose folder it is, even one without a name', async () => {
    const stranger = 54321;
    chownSync(folder.path, stranger, stranger);
    const dataDir = path.join(folder.path, 'data', 'postgres');
    await runOnce(dataDir, `create table kept as select 'word' as word`);
    for (const made of [path.dirname(dataDir), dataDir]) expect(statSync(made).uid).toBe(stranger);
  });

  it.runIf(othersMayEnter)('may be anybody, whose database root then leaves theirs', async () => {
    const dataDir = path.join(folder.path, 'data', 'postgres');
    await used(dataDir, nobody);
    await runOnce(dataDir, `create table kept as select 'word' as word`, { as: asNobody });
    expect(await runOnce(dataDir, 'select word from kept')).toEqual([{ word: 'word' }]);
    expect(await runOnce(dataDir, 'select word from kept', { as: asNobody })).toEqual([{ word: 'word' }]);
  });

  it.runIf(othersMayEnter)('is told in one sentence what they may not do', async () => {
    const refused = async (dataDir: string, message: RegExp) =>
      expect(await start(dataDir, { as: asNobody }).said()).toMatchObject({
        kind: 'refused',
        name: 'StartupError',
        message: expect.stringMatching(message) as string,
      });
    await refused(path.join(folder.path, 'data', 'postgres'), /^The data directory .* may not write to .*\.$/);
    const rootsOwn = path.join(folder.path, 'postgres');
    mkdirSync(rootsOwn, { mode: 0o700 });
    await refused(rootsOwn, /^The database folder .* belongs to user 0: .*\.$/);
  });

  it.runIf(!root)('is told in one sentence that a directory is not theirs to write', async () => {
    chmodSync(folder.path, 0o555);
    const said = await start(path.join(folder.path, 'data', 'postgres')).said();
    chmodSync(folder.path, 0o755);
    expect(said).toMatchObject({ kind: 'refused', name: 'StartupError' });
    expect(said).toHaveProperty('message', expect.stringMatching(/^The data directory .* may not write to .*\.$/));
  });
});
