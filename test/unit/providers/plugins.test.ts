import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type OnApplicationShutdown } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DataProvider } from '../../../src/providers/data-provider.js';
import { loadPlugins } from '../../../src/providers/plugins.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'guildcast-plugins-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each its own file: a module is loaded once. */
let written = 0;
function write(source: string): string {
  const file = path.join(folder, `plugin-${(written += 1)}.mjs`);
  writeFileSync(file, source);
  return file;
}

/** A module whose source writes down what it is asked, under the name that it is called by. */
const noting = (name: string, more = '') => `
  const notes = (globalThis[Symbol.for('guildcast.test.notes')] ??= []);
  export default (environment) => ({
    name: '${name}',
    async listGuilds(signal) { notes.push(['list', this.name, signal, environment]); return []; },
    async loadGuild(id, signal) { notes.push(['load', id, signal]); return undefined; },
    ${more}
  });`;
const key = Symbol.for('guildcast.test.notes');
const world = globalThis as { [key]?: unknown[][] };

async function load(source: string, environment: Record<string, string> = {}): Promise<DataProvider> {
  world[key] = [];
  const [provider] = await loadPlugins([write(source)], environment);
  return provider!;
}
afterAll(() => {
  delete world[key];
});

describe('a source of the operator', () => {
  it('is asked in its own words, with the signal that says when nobody waits any more', async () => {
    const environment = { GAME: 'chess' };
    const provider = await load(noting('game'), environment);
    const { signal } = new AbortController();
    expect(await provider.listGuilds(signal)).toEqual([]);
    expect(await provider.loadGuild('100000000000000001', signal)).toBeUndefined();
    expect(world[key]).toEqual([
      ['list', 'game', signal, environment],
      ['load', '100000000000000001', signal],
    ]);
    expect(world[key]![0]![2]).toBe(signal);
    expect(world[key]![1]![2]).toBe(signal);
  });

  it.each([
    ['live: true,', true],
    ['live: false,', false],
    ["live: 'yes',", false],
    ['', false],
  ])('is live when it says so in a word: %s', async (more, live) => {
    expect((await load(noting('game', more))).live).toBe(live);
  });

  it('watches, and ends its watch', async () => {
    const more = 'async watch(changed) { changed(this.name); return async () => void notes.push(["stopped"]); },';
    const provider = await load(noting('game', more));
    const heard: unknown[] = [];
    const stop = await provider.watch!((guildId) => heard.push(guildId));
    expect(heard).toEqual(['game']);
    await stop();
    expect(world[key]).toEqual([['stopped']]);
  });

  it.each(['', 'watch: async () => undefined,'])('may watch nothing, or without an end: %j', async (more) => {
    const provider = await load(noting('game', more));
    const stop = await provider.watch!(() => undefined);
    await expect(stop()).resolves.toBeUndefined();
  });

  it('is closed once, and waited for', async () => {
    const provider = await load(noting('game', 'async close() { await null; notes.push(["closed", this.name]); },'));
    await (provider as DataProvider & OnApplicationShutdown).onApplicationShutdown();
    expect(world[key]).toEqual([['closed', 'game']]);
    const open = await load(noting('game'));
    await expect((open as DataProvider & OnApplicationShutdown).onApplicationShutdown()).resolves.toBeUndefined();
  });

  it('is found from the working directory', async () => {
    const file = path.relative(process.cwd(), write(noting('near')));
    expect((await loadPlugins([file], {})).map(({ name }) => name)).toEqual(['near']);
  });

  it('is one of several, in their order, each with a name of its own', async () => {
    const files = ['one', 'two'].map((name) => write(noting(name)));
    expect((await loadPlugins(files, {})).map(({ name }) => name)).toEqual(['one', 'two']);
    await expect(loadPlugins([...files, write(noting('one'))], {})).rejects.toThrow(
      /plugin-\d+\.mjs calls itself "one", which is another source's name/,
    );
  });

  it.each([
    ['a', /its name must be/],
    [`a${'b'.repeat(32)}`, /its name must be/],
    ['1a', /its name must be/],
    ['a+b', /its name must be/],
    ['a_b', /its name must be/],
    ['http', /another source's name/],
  ])('cannot be called %s', async (name, sentence) => {
    await expect(load(noting(name))).rejects.toThrow(sentence);
  });

  it('may be called as long as this', async () => {
    const name = `a${'b'.repeat(31)}`;
    expect((await load(noting(name))).name).toBe(name);
  });

  it.each([
    ['listGuilds: 5,', /listGuilds must be a function$/],
    ['loadGuild: null,', /loadGuild must be a function$/],
    ['watch: {},', /watch must be a function, or left out$/],
    ['close: true,', /close must be a function, or left out$/],
  ])('cannot have %s', async (more, sentence) => {
    await expect(load(noting('game', more))).rejects.toThrow(sentence);
    await expect(load(noting('game', more))).rejects.toHaveProperty('name', 'StartupError');
  });

  it('that is no source, or throws no error, is refused in a sentence', async () => {
    await expect(load('export default 5')).rejects.toThrow(/its default export must be/);
    await expect(load('export default null')).rejects.toThrow(/its default export must be/);
    await expect(load('export default () => Promise.reject("no key")')).rejects.toThrow(/cannot be loaded: no key$/);
  });
});
