import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appShape } from '../../src/app.config.js';

const root = path.join(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'docs/promises.md'), 'utf8');
/** The lines of the tables, without heads and rules. */
const promises = text.split('\n').filter((line) => /^\| (?!promise |-)/.test(line));

describe('docs/promises.md', () => {
  it('names for every promise at least one test, and each of them exists', () => {
    expect(promises.length).toBeGreaterThan(20);
    const tests = promises.map(
      (line) => line.match(/`test\/[^`]+\.test\.ts`/g)?.map((name) => name.slice(1, -1)) ?? [],
    );
    expect(promises.filter((_line, index) => tests[index]?.length === 0)).toEqual([]);
    expect([...new Set(tests.flat())].filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });

  it('names no setting that there is not', () => {
    const settings = [...text.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name ?? '');
    expect(settings.length).toBeGreaterThan(10);
    expect(settings.filter((name) => !(name in appShape.shape) && name !== 'SIGTERM')).toEqual([]);
  });
});
