import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apart, floors } from '../../floors.mjs';

const root = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);

interface Violation {
  rule: { name: string };
  from: string;
}

/** A copy of the project in which rules may be broken. */
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'guildcast-floors-'));
  for (const name of [
    'src',
    'floors.mjs',
    'floors.d.mts',
    '.dependency-cruiser.mjs',
    'tsconfig.json',
    'package.json',
  ]) {
    await cp(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

async function check(): Promise<{ violations: Violation[]; modules: number }> {
  const depcruise = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [depcruise, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src'];
  const { stdout } = await run(process.execPath, args, { cwd: copy, maxBuffer: 64 * 1024 * 1024 });
  const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[]; totalCruised: number } };
  return { violations: summary.violations, modules: summary.totalCruised };
}

/** One file for each rule, all planted at once: a run of the checker takes seconds. */
const planted = {
  'src/queue/planted-up.ts': ["import '../gateway/transport.js';", 'floor-of-queue'],
  'src/queue/planted-beside.ts': ["import '../providers/data-provider.js';", 'floor-of-queue'],
  'src/access/planted-type.ts': [
    "import { type GuildRoom } from '../gateway/guild-room.js';\nexport type X = GuildRoom;",
    'floor-of-access',
  ],
  'src/rest/planted-top.ts': ["import '../app.config.js';", 'floor-of-rest'],
  'src/domain/planted-library.ts': ["import 'rxjs';", 'the-domain-knows-zod-alone'],
  'src/testing/planted-house.ts': ["import '../queue/queue.config.js';", 'apart-testing'],
  'src/client/planted-house.ts': [
    "import { type Transport } from '../gateway/transport.js';\nexport type X = Transport;",
    'apart-client',
  ],
  'src/client/planted-zod.ts': ["import '../domain/member.js';", 'browsers-get-plain-code'],
  'src/client/planted-node.ts': ["import 'node:events';", 'browsers-get-plain-code'],
  'src/gateway/planted-discord.ts': ["import 'discord.js';", 'only-discord-knows-discord.js-necord'],
  'src/attic/planted-floor.ts': ["import '../domain/cursor.js';", 'every-folder-has-a-floor'],
  'src/queue/planted-a.ts': ["import './planted-b.js';", 'no-circles'],
} as const;

describe('the floors', () => {
  /** Once for all rules, planted or not: a run of the checker takes seconds, and what is planted hides nothing else. */
  let found: Awaited<ReturnType<typeof check>>;

  beforeAll(async () => {
    const files = { ...planted, 'src/queue/planted-b.ts': ["import './planted-a.js';"] };
    for (const [file, [text]] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(copy, file)), { recursive: true });
      await writeFile(path.join(copy, file), text);
    }
    found = await check();
  });

  it('hold, and the checker has really looked', () => {
    expect(found.violations.filter(({ from }) => !from.includes('planted'))).toEqual([]);
    expect(found.modules).toBeGreaterThan(100);
  });

  it('list every folder and file of src', async () => {
    const listed = new Set([...floors.flat(), ...apart]);
    expect((await readdir(path.join(root, 'src'))).filter((name) => !listed.has(name))).toEqual([]);
  });

  it('forbid every import that goes up, beside, out or in a circle', () => {
    const violations = found.violations.map(({ rule, from }) => `${from}: ${rule.name}`);
    const expected = Object.entries(planted).map(([file, [, rule]]) => `${file}: ${rule}`);
    expect(violations).toEqual(expect.arrayContaining(expected));
  });
});
