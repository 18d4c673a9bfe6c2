import { inject } from 'vitest';
import { copyDatabase } from './copy-database.js';

/**
 * A database that was made and stopped before, for tests that are not about making one. `dataDir` is the database's own
 * folder, which must not exist yet; a program's `DATA_DIR` is the folder above it.
 */
export function fromTemplate(dataDir: string): Promise<void> {
  return copyDatabase(inject('postgresTemplate'), dataDir);
}
