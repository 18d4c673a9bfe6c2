import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.js';

const root = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

const program = (url: string) => `
import { connect, type DomainEventOf, type GuildView, type Member } from 'guildcast/client';

const client = connect(${JSON.stringify(url)}, { transports: ['websocket'] });
const room = client.join('dworld');
room.on('joined', ({ recovered, guild }: { recovered: boolean; guild: GuildView }) => {
  const names: string[] = [...guild.members.values()].map((member: Readonly<Member>) => member.username);
  console.log(recovered, names.join(' '));
  client.close();
});
room.on('presence.updated', (event) => {
  const same: DomainEventOf<'presence.updated'> = event;
  const status: 'online' | 'idle' | 'dnd' | 'offline' = same.data.status;
  console.log(status);
  // @ts-expect-error there is no such field
  console.log(event.data.nothing);
});
// @ts-expect-error there is no such event
room.on('nothing', () => undefined);
// @ts-expect-error what the room shows is the server's
room.guild?.members.clear();
`;

/** A project that has the package as npm lays it out, and socket.io-client beside it. */
let project: string;
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  project = await mkdtemp(path.join(tmpdir(), 'guildcast-consumer-'));
  const installed = path.join(project, 'node_modules/guildcast');
  await mkdir(installed, { recursive: true });
  await cp(path.join(root, 'package.json'), path.join(installed, 'package.json'));
  for (const folder of ['client', 'domain']) {
    await cp(path.join(root, 'dist', folder), path.join(installed, 'dist', folder), { recursive: true });
  }
  await run(process.execPath, [tsc, '--project', 'tsconfig.types.json', '--outDir', path.join(installed, 'dist')], {
    cwd: root,
  });
  for (const name of ['socket.io-client', 'zod']) {
    await symlink(path.join(root, 'node_modules', name), path.join(project, 'node_modules', name));
  }
  await writeFile(path.join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(path.join(project, 'use.ts'), program(app.url));
}, 120_000);
afterAll(async () => {
  await rm(project, { recursive: true, force: true });
  await app.close();
});

it.each([
  ['a program for Node', ['--module', 'nodenext']],
  ['a page behind a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom']],
])(
  'has types for %s, without those of Node',
  async (_name, options) => {
    const args = [
      tsc,
      '--strict',
      '--target',
      'es2022',
      '--noEmitOnError',
      '--skipDefaultLibCheck',
      '--pretty',
      'false',
      ...options,
      'use.ts',
    ];
    const { stdout } = await run(process.execPath, args, { cwd: project }).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  },
  60_000,
);

it('runs without zod', async () => {
  await rm(path.join(project, 'node_modules/zod'));
  const { stdout } = await run(process.execPath, ['use.js'], { cwd: project, timeout: 15_000 });
  expect(stdout).toBe('false vegeta897 Cog-Creators d-zone-org NNTin\n');
});

it('does what its page shows', async () => {
  const page = await readFile(path.join(root, 'docs/client.md'), 'utf8');
  const example = /^```js\n(.*?)^```/ms.exec(page)?.[1] ?? '';
  expect(example).toContain("'http://127.0.0.1:3000'");
  const shown = example.replace('http://127.0.0.1:3000', app.url);
  // The example goes on for ever.
  await writeFile(
    path.join(project, 'example.js'),
    `${shown}room.on('joined', () => setImmediate(() => client.close()));`,
  );
  const { stdout } = await run(process.execPath, ['example.js'], { cwd: project, timeout: 15_000 });
  expect(stdout.split('\n')[0]).toBe('D-World: a fresh snapshot, 4 members');
});
