import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAdminKey } from '../../../src/access/admin-key.js';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'guildcast-key-'));
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

async function modeOf(file: string): Promise<number> {
  return (await stat(file)).mode & 0o777;
}

describe('loadAdminKey', () => {
  it('makes a key once, readable by its owner alone, and reads it at later starts', async () => {
    const made = await loadAdminKey(dataDir);
    expect(made.created).toBe(true);
    expect(made.file).toBe(path.join(dataDir, 'admin.key'));
    expect(Buffer.from(made.key, 'base64url')).toHaveLength(32);
    expect(await modeOf(made.file)).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['admin.key']);

    expect(await loadAdminKey(dataDir)).toEqual({ ...made, created: false });
  });

  it('makes the data directory when there is none', async () => {
    const made = await loadAdminKey(path.join(dataDir, 'deep', 'down'));
    expect((await readFile(made.file, 'utf8')).trim()).toBe(made.key);
  });

  it('agrees on one key when several start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => loadAdminKey(dataDir)));
    expect(new Set(all.map(({ key }) => key)).size).toBe(1);
    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(await readdir(dataDir)).toEqual(['admin.key']);
  });

  it('tightens loose permissions', async () => {
    const { file, key } = await loadAdminKey(dataDir);
    await chmod(file, 0o644);
    expect((await loadAdminKey(dataDir)).key).toBe(key);
    expect(await modeOf(file)).toBe(0o600);
  });

  it.each([
    ['', 'is empty'],
    ['  \n', 'is empty'],
    ['half-a-key', 'does not hold a key'],
    [`${'x'.repeat(43)}\n${'y'.repeat(43)}`, 'does not hold a key'],
  ])('says clearly what is wrong with a file that holds %j', async (text, fault) => {
    const file = path.join(dataDir, 'admin.key');
    await writeFile(file, text);
    const failure = await loadAdminKey(dataDir).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const { message } = failure as Error;
    expect(message).toContain(file);
    expect(message).toContain(fault);
    expect(message).toContain('Delete it');
    if (text.trim() !== '') expect(message).not.toContain(text.slice(0, 10));
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('says clearly when the path cannot be used', async () => {
    await mkdir(path.join(dataDir, 'admin.key'));
    await expect(loadAdminKey(dataDir)).rejects.toThrow(/admin key file .* cannot be used \(EISDIR\)/);
  });
});
