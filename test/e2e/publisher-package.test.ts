import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const root = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

const program = `
import { createPublisher, PublishError, type Published, type Publisher, type PublishOptions } from 'guildcast/publisher';

const publisher: Publisher = createPublisher({ spool: false });
const options: PublishOptions = { priority: 'high', target: { channelId: '100000000000000001' } };
export async function use(): Promise<string> {
  const result: Published = await publisher.backupError({ type: 'upload', message: 'full' }, options);
  // @ts-expect-error there is no such status
  await publisher.minecraftStatus({ status: 'asleep' });
  // @ts-expect-error there is no such option
  await publisher.publish({ type: 'x', prioriy: 'high' });
  // @ts-expect-error two targets
  await publisher.publish({ type: 'x', target: { userId: 1 } });
  return result.state === 'accepted' ? result.id : result.state;
}
use().catch((error: unknown) => (error instanceof PublishError ? error.code : undefined));
`;

/** A project that has the package as npm lays it out, and nothing beside it. */
let project: string;
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  project = await mkdtemp(path.join(tmpdir(), 'guildcast-project-'));
  const installed = path.join(project, 'node_modules/guildcast');
  await mkdir(installed, { recursive: true });
  await cp(path.join(root, 'package.json'), path.join(installed, 'package.json'));
  await cp(path.join(root, 'dist/publisher'), path.join(installed, 'dist/publisher'), { recursive: true });
  await run(process.execPath, [tsc, '--project', 'tsconfig.types.json', '--outDir', path.join(installed, 'dist')], {
    cwd: root,
  });
  await writeFile(path.join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(path.join(project, 'use.ts'), program);
}, 120_000);
afterAll(async () => {
  await rm(project, { recursive: true, force: true });
  await app.close();
});

it('has types, without those of Node', async () => {
  const args = [
    tsc,
    '--strict',
    '--target',
    'es2022',
    '--noEmit',
    '--pretty',
    'false',
    '--module',
    'nodenext',
    'use.ts',
  ];
  const { stdout } = await run(process.execPath, args, { cwd: project }).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
}, 60_000);

it('does what its page shows, without any library', async () => {
  const page = await readFile(path.join(root, 'docs/publisher.md'), 'utf8');
  const example = /^```js\n(.*?)^```/ms.exec(page)?.[1] ?? '';
  await writeFile(path.join(project, 'example.js'), example);
  const env = { GUILDCAST_URL: app.url, GUILDCAST_KEY: testKeys.publish, DISCORD_USER_ID: '100000000000000001' };
  const { stdout, stderr } = await run(process.execPath, ['example.js'], {
    cwd: project,
    timeout: 15_000,
    env: { ...env, HOME: project },
  });
  expect([stdout, stderr]).toEqual(['accepted\n', '']);
});
