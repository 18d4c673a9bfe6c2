import { open, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

/** Ends the name of what is being written, and is nobody's yet. */
export const unfinished = '.tmp';

/**
 * When it returns, the file is there whole and outlives a loss of power; when it throws, it is not there. Until then the
 * content stands under another name, so that nobody reads half of it.
 */
export async function writeDurably(folder: string, name: string, content: string): Promise<void> {
  const aside = path.join(folder, `${randomUUID()}${unfinished}`);
  const file = path.join(folder, name);
  let renamed = false;
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
    renamed = true;
    await syncFolder(folder);
  } catch (error) {
    await rm(renamed ? file : aside, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A new name in a folder is durable once the folder is. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folder as a file.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
