import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

/** Its exit code and what it said. */
async function outcomeOf(work: Promise<{ stdout: string }>): Promise<{ code: number; stdout: string }> {
  return work.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
}

const program = `
import { FakeDiscord, providerContract } from 'guildcast/testing';
import { type ContractCheck, type RawSnapshot, type SourceMember, type SourcePlugin } from 'guildcast/testing';

const ada: SourceMember = { id: '200000000000000001', username: 'ada', status: 'online' };
const told: RawSnapshot = { guild: { id: '1', name: 'Town', iconUrl: null }, members: [ada], stale: true, asOf: '' };
const source: SourcePlugin = {
  name: 'mine',
  listGuilds: async (signal?: AbortSignal) => (signal?.aborted ? [] : [told.guild]),
  loadGuild: async (guildId: string) => (guildId === '1' ? told : undefined),
  watch: async (changed) => {
    changed('1');
    // @ts-expect-error an id is text
    changed(1);
    return async () => undefined;
  },
};
const checks: ContractCheck[] = providerContract({ open: async () => source, guildId: '1', change: () => 5 });
// @ts-expect-error a guild has to be named
providerContract({ open: () => source });
// @ts-expect-error there is no such status
const eve: SourceMember = { id: '2', status: 'away' };
export const used = [checks, eve, (discord: FakeDiscord) => discord.stop()];
`;

/** A project that has the package as npm packs it and lays it out. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'guildcast-author-'));
  const stage = path.join(project, 'stage');
  await cp(path.join(root, 'dist'), path.join(stage, 'dist'), { recursive: true });
  await cp(path.join(root, 'package.json'), path.join(stage, 'package.json'));
  await run(process.execPath, [tsc, '--project', 'tsconfig.types.json', '--outDir', path.join(stage, 'dist')], {
    cwd: root,
  });
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json'], { cwd: stage });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  const modules = path.join(project, 'node_modules');
  await mkdir(path.join(modules, 'guildcast'), { recursive: true });
  const unpack = ['-xzf', path.join(stage, filename), '--strip-components=1', '-C', path.join(modules, 'guildcast')];
  await run('tar', unpack);
  const { dependencies } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
    await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  await writeFile(path.join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

describe('guildcast/testing, installed', () => {
  it('has types for authors of sources', async () => {
    await writeFile(path.join(project, 'use.ts'), program);
    const options = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--noEmit', '--skipDefaultLibCheck'];
    const outcome = await outcomeOf(
      run(process.execPath, [tsc, ...options, '--pretty', 'false', 'use.ts'], { cwd: project }),
    );
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
  }, 60_000);

  it('has the fake Discord', async () => {
    const script = `import { FakeDiscord } from 'guildcast/testing';
      const discord = await FakeDiscord.start();
      console.log(new URL(discord.apiUrl).protocol);
      await discord.stop();`;
    await writeFile(path.join(project, 'fake.js'), script);
    expect(await outcomeOf(run(process.execPath, ['fake.js'], { cwd: project }))).toMatchObject({ stdout: 'http:\n' });
  });

  it('checks the source of the guide as the guide shows it, and says what is wrong with a worse one', async () => {
    const guide = await readFile(path.join(root, 'docs/providers.md'), 'utf8');
    const [source = '', checks = ''] = [...guide.matchAll(/^```js\n(.*?)^```/gms)].map(([, block]) => block);
    expect(checks).toContain("from 'guildcast/testing'");
    await writeFile(path.join(project, 'rooms-of-a-game.test.js'), checks);
    const check = async (text: string) => {
      await writeFile(path.join(project, 'rooms-of-a-game.js'), text);
      const args = ['--test', '--test-force-exit', '--test-reporter=tap', 'rooms-of-a-game.test.js'];
      return outcomeOf(run(process.execPath, args, { cwd: project, timeout: 60_000 }));
    };
    const fine = await check(source);
    expect(fine.stdout).toMatch(/^# pass 11$/m);
    expect(fine).toMatchObject({ code: 0 });
    const worse = await check(source.replace("'idle' : 'online'", "'away' : 'here'"));
    expect(worse.code).toBe(1);
    expect(worse.stdout).toMatch(/mend or leave out status, 1 of them \(tell online, idle, dnd or offline/);
    const held = await check(source.replace('clearInterval(timer)', 'undefined'));
    expect(held.code).toBe(1);
    expect(held.stdout).toMatch(/still open \(1 Timeout\)/);
    expect(held.stdout).toMatch(/watch called changed after it was stopped/);
  }, 120_000);
});
