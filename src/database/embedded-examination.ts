import { canonicalPath, holdsDatabase, inspectParent } from './embedded/data-directory.js';
import { lookForOccupant, socketFolderOf } from './embedded/occupant.js';
import { locateBinaries } from './embedded/postgres-binaries.js';
import { choosePostgresUser } from './embedded/postgres-user.js';
import { embeddedUrl } from './embedded/socket-directory.js';

/**
 * new: the first start makes the database there · stopped: it is there and nobody runs it · ending: a Guildcast that was
 * killed has left it, and the next start waits for its end · running: a Guildcast holds it, `by` says who, and `url` is
 * where it may be asked · taken: somebody else holds it.
 */
export type EmbeddedReading =
  | { state: 'new' | 'stopped' | 'ending' }
  | { state: 'running'; by: string; url?: string }
  | { state: 'taken'; by: string };

/**
 * Looks at the folder of the embedded database without starting, making or changing anything there. Blocks for a moment:
 * it runs programs. As at a start, missing links to Postgres's libraries are made.
 * @throws StartupError with what a start would say, when it could not be
 */
export async function examineEmbedded(dataDir: string): Promise<EmbeddedReading> {
  const data = canonicalPath(dataDir);
  const there = holdsDatabase(data);
  const { occupant } = await lookForOccupant(data);
  if (occupant.kind === 'held') {
    const { by, ours } = occupant;
    if (!ours) return { state: 'taken', by };
    const folder = socketFolderOf(data);
    return { state: 'running', by, ...(folder !== undefined && { url: embeddedUrl(folder) }) };
  }
  inspectParent(data, choosePostgresUser(locateBinaries(), data));
  if (occupant.kind === 'orphan') return { state: 'ending' };
  return { state: there ? 'stopped' : 'new' };
}
