import { type BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { type RawSnapshot } from '../data-provider.js';
import { guildsIn } from './guilds-in.js';
import { parseDocument } from './parse-document.js';

/** Milliseconds for which a changed file has to rest before it is read: half of a YAML file may look whole. */
const restingTime = 100;

/** How a look at a file ended: it is as before, it was read (also with a fault), or it is being written. */
type FileLook = 'same' | 'read' | 'unsettled';

interface Found {
  /** Differs for every content. */
  mark: string;
  bytes: number;
  fault?: string;
}

/** One file, and what it last said that was whole. */
export class GuildFile {
  /** Undefined until it was read without a fault. */
  guilds: ReadonlyMap<string, RawSnapshot> | undefined;
  /** Why its present content is not used. */
  fault: string | undefined;
  bytes = 0;
  private readMark = '';
  private seen = { mark: '', since: 0 };

  constructor(
    private readonly file: string,
    /** Milliseconds, on any scale. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Reads the file unless it is the same as before. `most` is how many bytes it may have. */
  async look(most: number): Promise<FileLook> {
    const { mark, bytes, fault } = await inspect(this.file, most);
    this.bytes = bytes;
    if (mark === this.readMark) return 'same';
    if (this.readMark !== '' && !this.rests(mark)) return 'unsettled';
    try {
      if (fault !== undefined) throw new Error(fault);
      const content = await readWhole(this.file, bytes, mark);
      if (!content) return this.wait();
      this.guilds = guildsIn(
        parseDocument(content, path.extname(this.file).toLowerCase() === '.json' ? 'json' : 'yaml'),
      );
      this.fault = undefined;
    } catch (error) {
      this.fault = sentence(error);
    }
    this.readMark = mark;
    return 'read';
  }

  private rests(mark: string): boolean {
    const now = this.now();
    if (this.seen.mark !== mark) this.seen = { mark, since: now };
    return now - this.seen.since >= restingTime;
  }

  private wait(): FileLook {
    if (!this.guilds) this.fault ??= 'it is being written';
    return 'unsettled';
  }
}

async function inspect(file: string, most: number): Promise<Found> {
  try {
    const stats = await stat(file, { bigint: true });
    if (!stats.isFile()) return { mark: 'no file', bytes: 0, fault: 'it is no file' };
    const [mark, bytes] = [markOf(stats), Number(stats.size)];
    if (bytes <= most) return { mark, bytes };
    // With fewer bytes in other files the same content may be read after all.
    return { mark: `${mark}, too large`, bytes: 0, fault: 'with it the files are larger than FILE_SOURCE_MAX_BYTES' };
  } catch (error) {
    const fault = sentence(error);
    return { mark: fault, bytes: 0, fault };
  }
}

/** Undefined when the file is another before its end is reached. */
async function readWhole(file: string, bytes: number, mark: string): Promise<Buffer | undefined> {
  const handle = await open(file);
  try {
    const content = Buffer.alloc(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await handle.read(content, filled, bytes - filled);
      if (bytesRead === 0) return undefined;
      filled += bytesRead;
    }
    return markOf(await handle.stat({ bigint: true })) === mark ? content : undefined;
  } finally {
    await handle.close();
  }
}

function markOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

const words: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ELOOP: 'its links lead in a circle',
};

export function sentence(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined) return words[code] ?? `it cannot be read (${code})`;
  return error instanceof Error ? error.message : String(error);
}
