// The real database of a benchmark.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { startEmbeddedPostgres } from '../dist/database/embedded-postgres.js';

/**
 * Calls `work` with the address of a Postgres and its folder, which both exist for as long as that takes. `prepare` gets
 * the address first; what it sets counts from a restart on, before `work` begins.
 */
export async function withPostgres(work, { prepare } = {}) {
  // The embedded database tells its life to Nest's log.
  Logger.overrideLogger(false);
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-bench-'));
  // Where namespaces are barred, root's Postgres runs as somebody else, who must get in.
  chmodSync(folder, 0o711);
  const start = () => startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') });
  let postgres;
  const tidy = async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const giveUp = () => void tidy().finally(() => process.exit(1));
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp);
  try {
    postgres = await start();
    if (prepare) {
      await prepare(postgres.url);
      await postgres.stop();
      postgres = await start();
    }
    return await work({ url: postgres.url, folder });
  } finally {
    await tidy();
    process.off('SIGINT', giveUp).off('SIGTERM', giveUp);
  }
}
