import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadPlugins } from '../../src/providers/plugins.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp } from '../support/test-app.js';

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

const guide = readFileSync(path.join(import.meta.dirname, '../../docs/providers.md'), 'utf8');
const example = /```js\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';

describe('a data source of the operator', () => {
  it('is the one of the guide: its guild is shown, and what changes in it is heard', async () => {
    const game = path.join(folder, 'game.json');
    const id = '300000000000000001';
    const save = (players: object[]) =>
      writeFileSync(game, JSON.stringify({ rooms: [{ id, title: 'Dungeon', players }] }));
    const ada = { id: '200000000000000001', nick: 'Ada', away: false };
    save([ada]);
    const plugins = await loadPlugins([write(example)], { GAME_FILE: game });
    const names = { PROVIDER_PLUGINS: 'loaded above', DATA_PROVIDERS: 'mock,rooms-of-a-game' };
    const app = await startTestApp(names, { plugins });
    try {
      const client = await SocketIoClient.open(app.url);
      const { snapshot } = await client.ask('join', { guildId: 'dungeon' });
      expect(snapshot).toMatchObject({
        source: 'rooms-of-a-game',
        partial: ['roles'],
        stale: false,
        members: [{ displayName: 'Ada', status: 'online', roleColor: '#99aab5' }],
      });
      save([
        { ...ada, away: true },
        { id: '200000000000000002', nick: 'Bob', away: false },
      ]);
      await vi.waitFor(() => expect(client.events).toHaveLength(2), { timeout: 10_000 });
      expect(client.events).toMatchObject([
        { type: 'presence.updated', data: { status: 'idle', previous: 'online' } },
        { type: 'member.joined', data: { member: { displayName: 'Bob' } } },
      ]);
      // Half a file: what was known stays on show, and is marked.
      writeFileSync(game, '{"rooms": [');
      await vi.waitFor(() => expect(client.events.at(-1)?.type).toBe('guild.unavailable'), { timeout: 10_000 });
      expect((await client.ask('join', { guildId: 'dungeon' })).snapshot).toMatchObject({ stale: true });
      writeFileSync(game, '{"rooms": []}');
      await vi.waitFor(() => expect(client.events.at(-1)?.type).toBe('guild.removed'), { timeout: 10_000 });
      client.close();
    } finally {
      await app.close();
    }
  });

  it('is let go of at the end', async () => {
    const closed = path.join(folder, 'closed');
    const source = `
      import { writeFileSync } from 'node:fs';
      export default { name: 'closing', listGuilds: async () => [], loadGuild: async () => undefined,
        close: () => writeFileSync(${JSON.stringify(closed)}, 'yes') };`;
    const plugins = await loadPlugins([write(source)], {});
    const app = await startTestApp({ PROVIDER_PLUGINS: 'x', DATA_PROVIDERS: 'closing' }, { plugins });
    await app.close();
    expect(readFileSync(closed, 'utf8')).toBe('yes');
  });

  const parts = 'listGuilds: async () => [], loadGuild: async () => undefined';
  it.each([
    ['a file that is not there', () => path.join(folder, 'nowhere.mjs'), /nowhere\.mjs cannot be loaded/],
    ['half a module', () => write('export default {'), /cannot be loaded/],
    ['a module that throws', () => write('throw new Error("no key")'), /cannot be loaded: no key/],
    ['no default export', () => write('export const name = "x"'), /default export must be/],
    ['no name', () => write(`export default { ${parts} }`), /its name must be/],
    ['a name that is none', () => write(`export default { name: 'A b', ${parts} }`), /its name must be/],
    ['no loadGuild', () => write("export default { name: 'xy', listGuilds: async () => [] }"), /loadGuild must be/],
    ['a wrong watch', () => write(`export default { name: 'xy', watch: 5, ${parts} }`), /watch must be/],
    ['a name of ours', () => write(`export default { name: 'mock', ${parts} }`), /another source's name/],
  ])('is refused with a sentence: %s', async (_what, file, sentence) => {
    await expect(loadPlugins([file()], {})).rejects.toThrow(sentence);
    await expect(loadPlugins([file()], {})).rejects.toHaveProperty('name', 'StartupError');
  });

  it('has to be there when it is named', async () => {
    const starting = startTestApp({ PROVIDER_PLUGINS: 'x', DATA_PROVIDERS: 'missing' }, { plugins: [] });
    await expect(starting).rejects.toThrow('there is no "missing"');
  });
});
