import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, vi } from 'vitest';
import { type FileProvider } from '../../../src/providers/file.provider.js';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { townId } from './source-parts.js';

/** Longer than any test: what is noticed in time was not noticed by polling. */
export const noPoll = { FILE_SOURCE_POLL_SECONDS: '3600' };

export interface FileFixture {
  folder: string;
  /** What was logged as a warning, instead of on the screen. */
  warnings: string[];
  /** The path of a file in the folder. */
  at: (name: string) => string;
  /** Replaces a file at once, as careful writers do. Text as it is, anything else as JSON. */
  put: (name: string, content: unknown) => Promise<void>;
  /** Ids of guilds that are said to have changed from now on; the watch ends with the test. */
  watched: (source: FileProvider) => Promise<(string | undefined)[]>;
}

/** A fresh folder for each test of the file. */
export function useGuildFolder(): FileFixture {
  let closing: (() => Promise<void>)[] = [];
  const fixture: FileFixture = {
    folder: '',
    warnings: [],
    at: (name) => path.join(fixture.folder, name),
    put: async (name, content) => {
      await writeFile(fixture.at('.new'), typeof content === 'string' ? content : JSON.stringify(content));
      await rename(fixture.at('.new'), fixture.at(name));
    },
    watched: async (source) => {
      const changes: (string | undefined)[] = [];
      closing.push(await source.watch((guildId) => changes.push(guildId)));
      return changes;
    },
  };
  beforeEach(async () => {
    fixture.folder = await mkdtemp(path.join(tmpdir(), 'guildcast-files-'));
    fixture.warnings = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((text: unknown) => void fixture.warnings.push(String(text)));
  });
  afterEach(async () => {
    for (const close of closing) await close();
    closing = [];
    await rm(fixture.folder, { recursive: true, force: true });
    vi.restoreAllMocks();
  });
  return fixture;
}

/** A guild as a file tells it. */
export function guildOf(id: string, name: string, ...names: string[]): object {
  const members = names.map((username, n) => ({ id: `31000000000000000${n}`, username, status: 'online' }));
  return { id, name, members };
}

export async function namesIn(source: FileProvider, id = townId): Promise<string[] | undefined> {
  const snapshot = await chainOf([source], 10_000).load(id);
  return snapshot?.members.map(({ username }) => username);
}
