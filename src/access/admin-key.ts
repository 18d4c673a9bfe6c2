import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

interface AdminKey {
  key: string;
  /** Absolute path of the file it is kept in. */
  file: string;
  /** True when this call made it. */
  created: boolean;
}

/** 32 random bytes as base64url. Read strictly: a half-written file must not become a short key. */
const keyShape = /^[\w-]{43}$/;

/**
 * The admin key of an installation that configured none: kept in `admin.key` in the data directory, readable by its
 * owner alone, made at the first call.
 *
 * @throws Error with one sentence for the operator when the file holds no key, or cannot be read or written.
 */
export async function loadAdminKey(dataDir: string): Promise<AdminKey> {
  const file = path.resolve(dataDir, 'admin.key');
  try {
    const kept = await readKept(file);
    if (kept !== undefined) return { key: kept, file, created: false };
    const made = await make(file);
    if (made !== undefined) return { key: made, file, created: true };
    // Another process was faster.
    const theirs = await readKept(file);
    if (theirs !== undefined) return { key: theirs, file, created: false };
  } catch (error) {
    if (error instanceof BrokenKeyFile) throw error;
    throw new Error(`The admin key file ${file} cannot be used (${codeOf(error)}). Check its owner and permissions.`, {
      cause: error,
    });
  }
  throw new Error(`The admin key file ${file} disappears while it is read. Check what else writes to its directory.`);
}

class BrokenKeyFile extends Error {}

async function readKept(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (!keyShape.test(text)) {
    throw new BrokenKeyFile(
      `The admin key file ${file} ${text === '' ? 'is empty' : 'does not hold a key'}. ` +
        'Delete it to get a new key at the next start, or set API_KEYS=admin=….',
    );
  }
  if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600);
  return text;
}

/** Undefined when the file exists by now. Written aside and linked, so that no reader ever meets half a key. */
async function make(file: string): Promise<string | undefined> {
  const key = randomBytes(32).toString('base64url');
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(aside, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await link(aside, file);
    return key;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
