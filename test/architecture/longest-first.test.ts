import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { longFiles } from '../support/longest-first.sequencer.js';

it('the files that run first are there', () => {
  const root = path.join(import.meta.dirname, '../..');
  expect(longFiles.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  expect(new Set(longFiles).size).toBe(longFiles.length);
});
