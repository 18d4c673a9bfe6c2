// Compiles src/ to dist/ with swc and copies everything that is not TypeScript.
// Built aside and swapped in, so that a failing build leaves the former one in place.
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, 'src');
const target = path.join(root, 'dist');
const aside = `${target}.${process.pid}`;

async function compile(file) {
  const to = path.join(aside, file.replace(/\.ts$/, '.js'));
  await mkdir(path.dirname(to), { recursive: true });
  if (!file.endsWith('.ts')) return cp(path.join(source, file), to);
  const { code, map } = await transformFile(path.join(source, file), { cwd: root, filename: path.join(source, file) });
  await writeFile(to, `${code}\n//# sourceMappingURL=${path.basename(to)}.map\n`);
  await writeFile(`${to}.map`, map);
}

try {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.d.ts'));
  await Promise.all(files.map((file) => compile(path.relative(source, path.join(file.parentPath, file.name)))));
  await rm(target, { recursive: true, force: true });
  await rename(aside, target);
} finally {
  await rm(aside, { recursive: true, force: true });
}
