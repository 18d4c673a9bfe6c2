import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FolderWatch } from '../../../../src/providers/file/folder-watch.js';

/** Longer than any test: what is looked at in time was not looked at by polling. */
const never = 3_600_000;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'guildcast-watch-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('a watch over a folder', () => {
  it('gathers signs: it looks once for all that come within a tenth of a second', async () => {
    let looks = 0;
    const watch = await FolderWatch.start({ root, pollMs: never, look: () => Promise.resolve(++looks < 0) });
    const start = performance.now();
    try {
      for (let n = 0; n < 300; n += 1) writeFileSync(path.join(root, String(n)), 'x');
      await vi.waitFor(() => expect(looks).toBeGreaterThan(0));
      const before = looks;
      writeFileSync(path.join(root, 'more'), 'x');
      await vi.waitFor(() => expect(looks).toBeGreaterThan(before));
      expect(looks).toBeLessThanOrEqual((performance.now() - start) / 100 + 1);
    } finally {
      await watch.close();
    }
  });

  it('looks again as long as it is asked to', async () => {
    let looks = 0;
    const watch = await FolderWatch.start({ root, pollMs: never, look: () => Promise.resolve(++looks < 3) });
    try {
      await writeFile(path.join(root, 'x'), 'x');
      await vi.waitFor(() => expect(looks).toBe(3));
    } finally {
      await watch.close();
    }
  });

  it('waits at its end for a look that is under way, and looks no more, also if that asks for it', async () => {
    let looks = 0;
    let go: (more: boolean) => void = () => undefined;
    const look = () => {
      looks += 1;
      return new Promise<boolean>((resolve) => (go = resolve));
    };
    const watch = await FolderWatch.start({ root, pollMs: never, look });
    writeFileSync(path.join(root, 'first'), 'x');
    await vi.waitFor(() => expect(looks).toBe(1));
    let closed = false;
    const closing = watch.close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    go(true);
    await closing;
    let others = 0;
    const other = await FolderWatch.start({ root, pollMs: 20, look: () => Promise.resolve(++others < 0) });
    writeFileSync(path.join(root, 'x'), 'x');
    // By now the first would have looked again as well.
    await vi.waitFor(() => expect(others).toBeGreaterThan(2));
    await other.close();
    expect(looks).toBe(1);
  });
});
