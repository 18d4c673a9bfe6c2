import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { hasAdminKey } from '../../access/access.config.js';
import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, skipped, type Verdict, warn } from '../finding.js';

const mebibyte = 1024 ** 2;
/** Bytes below which a database stops, or soon will. */
const tooLittle = 64 * mebibyte;
const little = 1024 * mebibyte;

export const diskCheck: DoctorCheck = {
  name: 'disk',
  async examine({ config }) {
    const { DATABASE_URL, DATA_DIR, API_KEYS } = config;
    if (DATABASE_URL !== undefined && hasAdminKey(API_KEYS)) return skipped('Nothing is kept in DATA_DIR.');
    const { bavail, bsize } = await statfs(nearest(path.resolve(DATA_DIR)));
    return diskVerdict(bavail * bsize);
  },
};

/** `free` in bytes. */
export function diskVerdict(free: number): Verdict {
  const size = free < little ? `${Math.floor(free / mebibyte)} MiB` : `${(free / 1024 / mebibyte).toFixed(1)} GiB`;
  const remedy = 'Make room on that disk, or choose a DATA_DIR on another.';
  if (free < tooLittle) return fail(`The disk of DATA_DIR is full (${size} free).`, remedy);
  if (free < little) return warn(`The disk of DATA_DIR is nearly full (${size} free).`, remedy);
  return ok(`The disk of DATA_DIR has ${size} free.`);
}

/** The folder itself, or the nearest above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(path.dirname(folder));
}
