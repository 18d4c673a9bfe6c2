import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Diagnosis } from '../../src/doctor/finding.js';
import { fromTemplate } from '../support/embedded-template.js';
import { spawnGuildcast, startGuildcast } from '../support/guildcast-process.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guildcast-doctor-'));
  // Where root may make no user namespace, Postgres runs as a user who must get through.
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the program to its end, which must come by itself. */
async function doctor(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { child } = spawnGuildcast(env, args);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const late = setTimeout(() => child.kill('SIGKILL'), 50_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(late);
  return { code, stdout, stderr };
}

describe('guildcast doctor', () => {
  it('finds nothing wrong with an installation that was never started, and makes nothing', async () => {
    const DATA_DIR = path.join(folder, 'new');
    const { code, stdout, stderr } = await doctor({ DATA_DIR }, 'doctor');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}ok +database +The embedded database can be made in DATA_DIR/m);
    expect(stdout).toMatch(/^ {2}\d+ fine, \d+ not looked at$/m);
    // No terminal, no colours.
    expect(stdout).not.toContain('\u001b');
    expect(await readdir(folder)).not.toContain('new');
  }, 60_000);

  it('names every fault of the settings, with what to do, and ends with 1', async () => {
    const { code, stdout, stderr } = await doctor({ PORT: 'x', HISTORY_SIZE: '0' }, 'doctor');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^ {2}fail +settings +PORT: .*\n +→ .*\.env\.example/m);
    expect(stdout).toMatch(/^ {2}fail +settings +HISTORY_SIZE: /m);
    expect(stdout).toMatch(/^ {2}2 failed, /m);
  }, 60_000);

  it('answers JSON, also of what failed, without secrets', async () => {
    const env = { DATABASE_URL: 'postgres://me:hunter22@127.0.0.1:9/town', API_KEYS: 'admin=change-me-hunter-23' };
    const { code, stdout, stderr } = await doctor(env, 'doctor', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const { ok, findings } = JSON.parse(stdout) as Diagnosis;
    expect(ok).toBe(false);
    expect(findings.filter(({ state }) => state === 'fail').map(({ check }) => check)).toEqual(['database']);
    expect(findings.filter(({ state }) => state === 'warn').map(({ check }) => check)).toEqual(['keys']);
    expect(stdout).not.toMatch(/hunter/);
  }, 60_000);

  it('leaves the database of a running Guildcast to it, and asks it', async () => {
    const DATA_DIR = path.join(folder, 'running');
    await fromTemplate(path.join(DATA_DIR, 'postgres'));
    const running = await startGuildcast({ embedded: true, env: { DATA_DIR } });
    try {
      const { code, stdout } = await doctor({ DATA_DIR }, 'doctor');
      expect(stdout).toMatch(/^ {2}ok +database +The database of the running Guildcast \(process \d+\) answers/m);
      expect(stdout).toMatch(/^ {2}ok +clock /m);
      expect(code).toBe(0);
      expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    } finally {
      expect(await running.stop()).toBe(0);
    }
  }, 120_000);

  it('is in the help, and takes no other words', async () => {
    const wrong = [['doctor', 'now'], ['--json']];
    const [help, ...refused] = await Promise.all([doctor({}, '--help'), ...wrong.map((args) => doctor({}, ...args))]);
    expect(help.stdout).toContain('node dist/main.js doctor [--json]');
    const stderr = 'There is no such command: --help names those there are.\n';
    expect(refused).toEqual(wrong.map(() => ({ code: 1, stdout: '', stderr })));
  }, 60_000);
});
