import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { readModules } from '../../../src/console/console-files.js';

it('says what to do when what the page shares with the client was not built', () => {
  expect(() => readModules(tmpdir(), ['client/none.js'])).toThrow(/client\/none\.js.*run `npm run build` first/);
});
