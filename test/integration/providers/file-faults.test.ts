import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { guildOf, namesIn, noPoll, useGuildFolder } from './file-fixture.js';
import { faultOf, fileProvider, hallId, townId } from './source-parts.js';

const fixture = useGuildFolder();
const { at, put, watched } = fixture;

describe('the source file in trouble', () => {
  it('keeps the last good content, and says once in which line the fault is', async () => {
    await put('town.yaml', `id: ${townId}\nname: Town\nmembers:\n  - { id: 310000000000000001, username: ada }\n`);
    const source = fileProvider(at('town.yaml'), noPoll);
    const changes = await watched(source);
    await put('town.yaml', `id: ${townId}\nname: Town\nmembers:\n  - { id: 310000000000000001, username: [ada }\n`);
    await vi.waitFor(() => expect(fixture.warnings).toHaveLength(1));
    expect(fixture.warnings[0]).toMatch(/town\.yaml: line 4: .*; what was read before stays$/);
    for (let n = 0; n < 3; n += 1) expect(await namesIn(source)).toEqual(['ada']);
    expect(fixture.warnings).toHaveLength(1);
    expect(changes).toEqual([]);
    await put('town.yaml', `id: ${townId}\nname: Town\nmembers:\n  - { id: 310000000000000001, username: bob }\n`);
    await vi.waitFor(() => expect(changes).toEqual([townId]));
    expect(await namesIn(source)).toEqual(['bob']);
  });

  it('takes a file that is written in place once it is whole', async () => {
    const line = (n: number) => `  - { id: ${310000000000000000n + BigInt(n)}, username: user${n}, status: online }\n`;
    await writeFile(at('town.yaml'), `id: ${townId}\nname: Town\nmembers:\n${line(1)}`);
    const source = fileProvider(at('town.yaml'), noPoll);
    const changes = await watched(source);
    for (let n = 2; n <= 40; n += 1) await appendFile(at('town.yaml'), line(n));
    await expect.poll(() => namesIn(source).then((names) => names?.length)).toBe(40);
    expect(new Set(changes)).toEqual(new Set([townId]));
    expect(fixture.warnings).toEqual([]);
  });

  it('keeps its guilds when the file or the folder is not there for a while', async () => {
    await mkdir(at('guilds'));
    await put('guilds/town.json', guildOf(townId, 'Town', 'ada'));
    const source = fileProvider(at('guilds'));
    expect(await namesIn(source)).toEqual(['ada']);
    await rename(at('guilds'), at('away'));
    expect(await namesIn(source)).toEqual(['ada']);
    expect(await source.listGuilds()).toHaveLength(1);
    expect(fixture.warnings).toEqual([
      expect.stringMatching(/guilds: there is no such file or folder; what was read before stays$/),
    ]);
    await rename(at('away'), at('guilds'));
    expect(await namesIn(source)).toEqual(['ada']);
  });

  it('lets a file with a fault cost its own guilds alone', async () => {
    await put('hall.json', '{"id": ');
    await put('town.json', guildOf(townId, 'Town', 'ada'));
    const source = fileProvider(fixture.folder);
    expect(await source.listGuilds()).toHaveLength(1);
    expect(await namesIn(source)).toEqual(['ada']);
    expect(await faultOf(source.loadGuild(hallId))).toMatch(/hall\.json: line 1: it ends in the middle/);
    expect(fixture.warnings).toEqual([expect.stringMatching(/hall\.json: line 1: it ends in the middle$/)]);
    await rm(at('hall.json'));
    expect(await source.loadGuild(hallId)).toBeUndefined();
  });

  it('takes the first file that tells a guild, by name, and says so', async () => {
    await put('b.json', guildOf(townId, 'Second'));
    await put('a.json', guildOf(townId, 'First'));
    expect((await fileProvider(fixture.folder).loadGuild(townId))?.guild.name).toBe('First');
    expect(fixture.warnings).toEqual([
      expect.stringMatching(/b\.json: guild 300000000000000001 is told in another file too/),
    ]);
  });

  it('reads no more bytes than it may, all files together', async () => {
    await put('a.json', guildOf(townId, 'Town'));
    await put('b.json', JSON.stringify(guildOf(hallId, 'Hall')) + ' '.repeat(1_000));
    const source = fileProvider(fixture.folder, { FILE_SOURCE_MAX_BYTES: '500' });
    expect(await source.listGuilds()).toHaveLength(1);
    expect(fixture.warnings).toEqual([
      expect.stringMatching(/b\.json: with it the files are larger than FILE_SOURCE_MAX_BYTES/),
    ]);
    await put('b.json', guildOf(hallId, 'Hall'));
    await expect.poll(async () => (await source.listGuilds()).length).toBe(2);
  });

  it('does not wait for what is no file', async () => {
    execFileSync('mkfifo', [at('pipe.json')]);
    await mkdir(at('folder.json'));
    await symlink('/dev/zero', at('zero.json'));
    await symlink('loop.json', at('loop.json'));
    const source = fileProvider(fixture.folder);
    expect(await faultOf(source.listGuilds())).toMatch(/folder\.json: it is no file/);
    expect(fixture.warnings.sort()).toEqual([
      expect.stringMatching(/folder\.json: it is no file/),
      expect.stringMatching(/loop\.json: its links lead in a circle/),
      expect.stringMatching(/pipe\.json: it is no file/),
      expect.stringMatching(/zero\.json: it is no file/),
    ]);
    expect(await faultOf(fileProvider(at('pipe.json')).listGuilds())).toMatch(/it is no file/);
  });

  it('does not take one member more than 250 000', async () => {
    await writeFile(at('town.json'), `{"id":"${townId}","name":"Town","members":[${'{},'.repeat(250_000)}{}]}`);
    const source = fileProvider(at('town.json'));
    const chain = chainOf([source], 60_000);
    await expect(chain.load(townId)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(fixture.warnings).toEqual(['data source file: the answer has more than 250000 members']);
  });

  it('mends members as the chain does', async () => {
    const [ada, bob] = ['310000000000000001', '310000000000000002'];
    await put(
      'town.yaml',
      [
        `id: ${townId}`,
        'name: 2024',
        'members:',
        `  - { id: ${ada}, username: ${'é'.repeat(10_240)}, status: Sleeping, roleColor: .nan }`,
        `  - { id: ${ada}, username: again }`,
        `  - { id: ${bob}, username: 7, __proto__: { admin: true } }`,
        '  - nobody',
      ].join('\n'),
    );
    const snapshot = await chainOf([fileProvider(at('town.yaml'))], 10_000).load(townId);
    expect(snapshot?.guild.name).toBe('2024');
    expect(snapshot?.members).toMatchObject([
      { id: ada, username: 'é'.repeat(100), status: 'offline', roleColor: '#99aab5' },
      { id: bob, username: '7' },
    ]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(fixture.warnings).toHaveLength(1);
  });
});
