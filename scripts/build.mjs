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
const former = `${aside}.former`;

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
  // Moved away before it is deleted: a program that starts from it meanwhile would find half of it for that long.
  await rename(target, former).catch((error) => error.code === 'ENOENT' || Promise.reject(error));
  await rename(aside, target);
} finally {
  await Promise.all([aside, former].map((folder) => rm(folder, { recursive: true, force: true })));
}
