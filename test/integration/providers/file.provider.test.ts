import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { StartupError } from '../../../src/database/startup-error.js';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { guildOf, namesIn, noPoll, useGuildFolder } from './file-fixture.js';
import { faultOf, fileProvider, hallId, townId } from './source-parts.js';

const example = path.join(import.meta.dirname, '../../../docs/examples/guilds.yaml');
const fixture = useGuildFolder();
const { at, put, watched } = fixture;

describe('the source file', () => {
  it('reads the example of the documentation', async () => {
    const source = fileProvider(example);
    const snapshot = await chainOf([source], 10_000).load(townId);
    expect(snapshot).toMatchObject({
      source: 'file',
      partial: [],
      guild: {
        name: 'The Reading Room',
        iconUrl: 'https://cdn.example.com/reading-room.png',
        suggested: { alias: 'reading-room', default: true, door: 'open' },
      },
    });
    expect(
      snapshot?.members.map(({ username, displayName, status, bot }) => [username, displayName, status, bot]),
    ).toEqual([
      ['ada', 'Ada Lovelace', 'online', false],
      ['grace', 'grace', 'idle', false],
      ['librarian', 'librarian', 'online', true],
    ]);
    expect(snapshot?.members[0]).toMatchObject({
      roleColor: '#5865f2',
      roleIds: ['320000000000000001'],
      activities: [{ type: 'listening', name: 'The Analytical Engine' }],
      joinedAt: '2024-05-01T10:00:00.000Z',
    });
    expect((await source.listGuilds()).map(({ name }) => name)).toEqual(['The Reading Room', 'Zażółć gęślą jaźń']);
    expect(await namesIn(source, hallId)).toEqual(['zofia', '日本']);
    expect(fixture.warnings).toEqual([]);
  });

  it('reads a folder of files, one guild in each, and nothing else in it', async () => {
    await put('b.json', guildOf(townId, 'Town', 'ada'));
    await put('a.yml', `id: ${hallId}\nname: Hall\nmembers: []\n`);
    await put('notes.txt', '{');
    await put('.hidden.json', '{');
    await put('b.json~', '{');
    await mkdir(at('deeper'));
    const source = fileProvider(fixture.folder);
    expect((await source.listGuilds()).map(({ name }) => name)).toEqual(['Hall', 'Town']);
    expect(await source.loadGuild('300000000000000009')).toBeUndefined();
    expect(fixture.warnings).toEqual([]);
  });

  it('says at every question what the files say then', async () => {
    await put('town.json', guildOf(townId, 'Town', 'ada'));
    const source = fileProvider(at('town.json'));
    expect(await namesIn(source)).toEqual(['ada']);
    await put('town.json', guildOf(townId, 'Town', 'ada', 'bob'));
    await expect.poll(() => namesIn(source)).toEqual(['ada', 'bob']);
  });

  it('tells of the guilds that changed, and of no other', async () => {
    await put('guilds.json', { guilds: [guildOf(townId, 'Town', 'ada'), guildOf(hallId, 'Hall', 'eve')] });
    const source = fileProvider(at('guilds.json'), noPoll);
    const changes = await watched(source);
    // The same said with other words, and what nobody sees.
    await put(
      'guilds.json',
      JSON.stringify(
        { guilds: [{ ...guildOf(townId, 'Town', 'ada'), note: 'x' }, guildOf(hallId, 'Hall', 'eve')] },
        null,
        2,
      ),
    );
    await put('guilds.json', { guilds: [guildOf(townId, 'Town', 'ada'), guildOf(hallId, 'Hall', 'eve', 'mallory')] });
    await vi.waitFor(() => expect(changes).toEqual([hallId]));
    expect(await namesIn(source, hallId)).toEqual(['eve', 'mallory']);
    await put('guilds.json', { guilds: [guildOf(townId, 'City', 'ada')] });
    await vi.waitFor(() => expect(changes.slice(1).sort()).toEqual([townId, hallId]));
    expect(await source.loadGuild(hallId)).toBeUndefined();
    expect((await source.loadGuild(townId))?.guild.name).toBe('City');
  });

  it('notices files that come to a folder and leave it', async () => {
    await put('town.json', guildOf(townId, 'Town'));
    const source = fileProvider(fixture.folder, noPoll);
    const changes = await watched(source);
    await put('hall.yaml', `id: ${hallId}\nname: Hall\n`);
    await vi.waitFor(() => expect(changes).toEqual([hallId]));
    await rm(at('town.json'));
    await vi.waitFor(() => expect(changes).toEqual([hallId, townId]));
    expect((await source.listGuilds()).map(({ name }) => name)).toEqual(['Hall']);
  });

  it('tells of a change also when a question was what found it', async () => {
    await put('town.json', guildOf(townId, 'Town', 'ada'));
    const source = fileProvider(at('town.json'), noPoll);
    const changes = await watched(source);
    await put('town.json', guildOf(townId, 'Town', 'bob'));
    await expect.poll(() => namesIn(source), { interval: 5 }).toEqual(['bob']);
    await vi.waitFor(() => expect(changes).toEqual([townId]));
  });

  it('looks from time to time, where the file system tells nothing', async () => {
    await mkdir(at('elsewhere'));
    await put('elsewhere/real.json', guildOf(townId, 'Town', 'ada'));
    await mkdir(at('here'));
    await symlink(at('elsewhere/real.json'), at('here/town.json'));
    const changes = await watched(fileProvider(at('here/town.json'), { FILE_SOURCE_POLL_SECONDS: '0.1' }));
    await put('elsewhere/real.json', guildOf(townId, 'Town', 'bob'));
    await vi.waitFor(() => expect(changes).toEqual([townId]));
  });

  it('takes a folder that comes later, and says until then that it is not there', async () => {
    const source = fileProvider(at('later'), { FILE_SOURCE_POLL_SECONDS: '0.1' });
    expect(await faultOf(source.listGuilds())).toMatch(/later: there is no such file or folder$/);
    expect(await faultOf(source.loadGuild(townId))).toMatch(/there is no such file or folder$/);
    const changes = await watched(source);
    expect(fixture.warnings).toHaveLength(1);
    await mkdir(at('later'));
    await put('later/town.json', guildOf(townId, 'Town'));
    await vi.waitFor(() => expect(changes).toEqual([townId]));
    expect(await source.listGuilds()).toHaveLength(1);
  });

  it('is not told of anything after its end', async () => {
    await put('town.json', guildOf(townId, 'Town', 'ada'));
    const source = fileProvider(at('town.json'), { FILE_SOURCE_POLL_SECONDS: '0.05' });
    const changes: unknown[] = [];
    const close = await source.watch((id) => changes.push(id));
    await close();
    await put('town.json', guildOf(townId, 'Town', 'bob'));
    await expect.poll(() => namesIn(source)).toEqual(['bob']);
    expect(changes).toEqual([]);
  });

  it('does not start without a path', () => {
    expect(() => fileProvider(undefined as unknown as string)).toThrow(StartupError);
    expect(() => fileProvider(undefined as unknown as string)).toThrow('FILE_SOURCE_PATH');
  });
});
