import { appendFile, mkdtemp, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuildFile } from '../../../../src/providers/file/guild-file.js';

const most = 100_000;
const town = '300000000000000001';
const head = `id: ${town}\nname: Town\nmembers:\n`;
const line = (n: number) => `  - { id: ${310000000000000000n + BigInt(n)}, username: user${n} }\n`;

let folder: string;
let file: string;
let now: number;
let looked: GuildFile;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guildcast-file-'));
  file = path.join(folder, 'town.yaml');
  now = 0;
  looked = new GuildFile(file, () => now);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const count = () => (looked.guilds?.get(town)?.members as unknown[] | undefined)?.length;

/** A look after so many milliseconds. */
async function after(ms: number): Promise<string> {
  now += ms;
  return looked.look(most);
}

describe('a file of guilds', () => {
  it('is read at once when it is new, and not again while it is the same', async () => {
    await writeFile(file, head + line(1));
    expect(await after(0)).toBe('read');
    expect(count()).toBe(1);
    expect(await after(1_000)).toBe('same');
  });

  it('is read again once it rests: half of it would be YAML too', async () => {
    await writeFile(file, head + line(1) + line(2));
    await after(0);
    await truncate(file);
    expect(await after(0)).toBe('unsettled');
    await appendFile(file, head + line(1));
    expect(await after(150)).toBe('unsettled');
    expect(await after(99)).toBe('unsettled');
    await appendFile(file, line(2));
    expect(await after(1)).toBe('unsettled');
    await appendFile(file, line(3));
    expect(await after(5_000)).toBe('unsettled');
    expect(count()).toBe(2);
    expect(await after(100)).toBe('read');
    expect(count()).toBe(3);
    expect(looked.fault).toBeUndefined();
  });

  it('is noticed when it is another of the same size and age', async () => {
    await writeFile(file, head + line(1));
    await utimes(file, 1_000, 1_000);
    await after(0);
    await writeFile(`${file}.new`, head + line(2));
    await utimes(`${file}.new`, 1_000, 1_000);
    await rename(`${file}.new`, file);
    expect(await after(0)).toBe('unsettled');
    expect(await after(100)).toBe('read');
    expect(looked.guilds?.get(town)?.members).toMatchObject([{ username: 'user2' }]);
  });

  it('keeps what it said when a fault comes, and is looked at again when it changes', async () => {
    await writeFile(file, head + line(1));
    await after(0);
    await writeFile(file, `${head}  - {`);
    await after(0);
    expect(await after(100)).toBe('read');
    expect(looked.fault).toMatch(/^line 4: /);
    expect(count()).toBe(1);
    expect(await after(100)).toBe('same');
    await rm(file);
    await after(0);
    expect(await after(100)).toBe('read');
    expect(looked.fault).toBe('there is no such file or folder');
    expect(count()).toBe(1);
  });

  it('is read after all when there is room for it', async () => {
    await writeFile(file, head + line(1));
    expect(await looked.look(10)).toBe('read');
    expect(looked.fault).toMatch(/FILE_SOURCE_MAX_BYTES/);
    expect(looked.bytes).toBe(0);
    await after(0);
    expect(await after(100)).toBe('read');
    expect([looked.fault, looked.bytes > 0]).toEqual([undefined, true]);
  });
});
