import path from 'node:path';
import { examineDatabase } from '../database/database-examination.js';
import { examineEmbedded } from '../database/embedded-examination.js';
import { type DatabaseState, type DoctorConfig } from './installation.js';

/**
 * Looks at the database without starting one. `url` is how a running program reaches its own.
 * @throws StartupError
 */
export async function databaseState(
  { DATABASE_URL, DATA_DIR }: Pick<DoctorConfig, 'DATABASE_URL' | 'DATA_DIR'>,
  url = DATABASE_URL,
): Promise<DatabaseState> {
  if (url !== undefined) return { reading: await examineDatabase(url) };
  const embedded = await examineEmbedded(path.resolve(DATA_DIR, 'postgres'));
  if (embedded.state !== 'running' || embedded.url === undefined) return { embedded };
  try {
    return { embedded, reading: await examineDatabase(embedded.url) };
  } catch {
    // Its socket is another user's, or in another container: that somebody holds it is all there is to know.
    return { embedded };
  }
}
