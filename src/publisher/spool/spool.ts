import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { largestBody, type Letter } from '../letter.js';
import { PublishError } from '../publish-error.js';
import { type SpoolSettings } from '../publisher-settings.js';
import { syncFolder, unfinished, writeDurably } from './durable-file.js';
import { letterName, numberOf, readLetter, spoolText } from './spooled-letter.js';

/** Letters that Guildcast refused, at most; the oldest make room. */
const mostRejected = 1_000;

/** Milliseconds after which what is being written was left by a process that died. */
const abandonedAfter = 3_600_000;

export interface SpoolCount {
  waiting: number;
  bytes: number;
  rejected: number;
  oldest: Date | null;
}

/** What the spool found under a name: nothing (another process was faster), no letter, one of a later version, or a letter. */
export type Found = 'gone' | 'unreadable' | 'newer' | Letter;

/**
 * Letters on disk that wait for one Guildcast, one file each, in the order of their names. Several processes may use the
 * folder. Each Guildcast has a subfolder of its own, so that nothing ever goes to another.
 */
export class Spool {
  readonly folder: string;
  private readonly sizes = new Map<string, number>();
  private last = 0;

  constructor(
    private readonly settings: SpoolSettings,
    url: string,
  ) {
    const host = new URL(url).host.replace(/[^\w.-]/g, '_');
    const digest = createHash('sha256').update(url).digest('hex').slice(0, 8);
    this.folder = path.join(settings.folder, `${host}-${digest}`);
  }

  private get rejectedFolder(): string {
    return path.join(this.folder, 'rejected');
  }

  /**
   * Answers the letter's name once it is safe on disk.
   * @throws PublishError `spool-full` or `spool-unwritable`; then nothing is kept
   */
  async append(letter: Letter): Promise<string> {
    const text = spoolText(letter, new Date());
    try {
      await makeDurably(this.folder);
      const names = await this.names();
      await this.makeSureOfRoom(names, Buffer.byteLength(text));
      // After the newest that is there, whatever the clock says meanwhile.
      const newest = numberOf(names.at(-1) ?? '') ?? 0;
      this.last = Math.max(Date.now(), newest + 1, this.last + 1);
      const name = letterName(this.last);
      await writeDurably(this.folder, name, text);
      return name;
    } catch (error) {
      throw error instanceof PublishError ? error : this.fault('written', error);
    }
  }

  /**
   * The letters that wait, oldest first. Whatever else lies in the folder is left alone.
   * @throws PublishError `spool-unwritable`
   */
  async names(): Promise<string[]> {
    try {
      const entries = await readdir(this.folder, { withFileTypes: true });
      return entries.flatMap((entry) => (entry.isFile() && numberOf(entry.name) ? [entry.name] : [])).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw this.fault('read', error);
    }
  }

  async read(name: string): Promise<Found> {
    const text = await this.textOf(name);
    return text === undefined ? 'gone' : (readLetter(text) ?? 'unreadable');
  }

  /** Empty for what is far too long for a letter: a file of any size may be lying there. Undefined where there is none. */
  private async textOf(name: string): Promise<string | undefined> {
    const file = path.join(this.folder, name);
    try {
      return (await stat(file)).size > 2 * largestBody ? '' : await readFile(file, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** False when another process was faster. */
  async remove(name: string): Promise<boolean> {
    try {
      await unlink(path.join(this.folder, name));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Puts a letter into `rejected/` with the reason; moved back into the spool, it is sent again. */
  async reject(name: string, reason: { status?: number; reason: string }): Promise<void> {
    const text = await this.textOf(name);
    // Another process was faster.
    if (text === undefined) return;
    await makeDurably(this.rejectedFolder);
    const rejected = { at: new Date().toISOString(), ...reason };
    // The letter's own fields stay where a reader of the spool finds them.
    const content = { ...(JSON.parse(text) as object), rejected };
    try {
      await writeDurably(this.rejectedFolder, name, `${JSON.stringify(content)}\n`);
    } catch {
      // A full disk has no room for the reason. Better without it than in the way of those behind it.
      return this.setAside(name);
    }
    await this.remove(name);
    await this.forgetRejected();
  }

  /** Puts into `rejected/` what is no letter, as it is. */
  async setAside(name: string): Promise<void> {
    await makeDurably(this.rejectedFolder);
    await rename(path.join(this.folder, name), path.join(this.rejectedFolder, name));
    await this.forgetRejected();
  }

  private async forgetRejected(): Promise<void> {
    const kept = (await readdir(this.rejectedFolder)).filter((other) => numberOf(other)).sort();
    for (const old of kept.slice(0, -mostRejected)) await unlink(path.join(this.rejectedFolder, old));
  }

  /** Takes away what processes that died had begun to write. */
  async tidy(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!name.endsWith(unfinished)) continue;
      const file = path.join(this.folder, name);
      const age = await stat(file).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > abandonedAfter) await unlink(file).catch(() => undefined);
    }
  }

  async count(): Promise<SpoolCount> {
    const names = await this.names();
    const rejected = await readdir(this.rejectedFolder).catch(() => []);
    const first = numberOf(names[0] ?? '');
    return {
      waiting: names.length,
      bytes: await this.bytesOf(names),
      rejected: rejected.filter((name) => numberOf(name)).length,
      oldest: first === undefined ? null : new Date(first),
    };
  }

  private fault(done: 'read' | 'written', cause: unknown): PublishError {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    return new PublishError('spool-unwritable', `The spool ${this.folder} cannot be ${done} (${why}).`, { cause });
  }

  private async makeSureOfRoom(names: readonly string[], more: number): Promise<void> {
    const { files, bytes } = this.settings;
    const full = names.length >= files || (await this.bytesOf(names)) + more > bytes;
    if (!full) return;
    const bound = `${names.length} of ${files} notifications, ${bytes} bytes at most`;
    throw new PublishError('spool-full', `The spool ${this.folder} is full (${bound}).`);
  }

  private async bytesOf(names: readonly string[]): Promise<number> {
    const there = new Set(names);
    for (const known of this.sizes.keys()) if (!there.has(known)) this.sizes.delete(known);
    for (const name of names) {
      if (this.sizes.has(name)) continue;
      const size = await stat(path.join(this.folder, name)).then(
        (found) => found.size,
        () => 0,
      );
      this.sizes.set(name, size);
    }
    return [...this.sizes.values()].reduce((sum, size) => sum + size, 0);
  }
}

/** Makes the folder and, if it is new, its place in those above durable too. */
async function makeDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await syncFolder(path.dirname(made));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
