import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuildFiles } from '../../../../src/providers/file/guild-files.js';

const town = '300000000000000001';
const hall = '300000000000000002';

let folder: string;
let warnings: string[];
let files: GuildFiles;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guildcast-files-'));
  warnings = [];
  files = new GuildFiles({ root: folder, maxBytes: 100_000, warn: (sentence) => warnings.push(sentence) });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, content: unknown): Promise<void> =>
  writeFile(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const ids = (): string[] => files.list().map(({ guild }) => guild.id);

describe('a folder of guilds', () => {
  it('is looked at once for all who ask before the look begins', async () => {
    const looks = Array.from({ length: 10 }, () => files.look());
    expect(new Set(looks).size).toBe(1);
    await looks[0];
    expect(files.look()).not.toBe(looks[0]);
  });

  it('takes what is put there while it is looked at with the next look', async () => {
    await put('town.json', { id: town, name: 'Town' });
    await files.look();
    const early = files.look();
    // The look has begun.
    await Promise.resolve();
    const late = files.look();
    expect(late).not.toBe(early);
    await put('hall.json', { id: hall, name: 'Hall' });
    await late;
    await files.look();
    expect(ids().sort()).toEqual([town, hall]);
  });

  it('takes endings in any letters, and files that hide for none', async () => {
    await put('TOWN.JSON', { id: town, name: 'Town' });
    await put('Hall.Yml', `id: ${hall}\nname: Hall\n`);
    await put('.json', '{');
    await files.look();
    expect(ids().sort()).toEqual([town, hall]);
    expect(warnings).toEqual([]);
  });

  it('leaves out guilds that are switched off, and says nothing of it', async () => {
    await put('town.json', [
      { id: town, name: 'Town' },
      { id: hall, name: 'Hall', enabled: false },
    ]);
    await files.look();
    expect(ids()).toEqual([town]);
    expect(files.get(hall)).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('tells of changes that somebody can see, and of nothing else', async () => {
    const changes: string[][] = [];
    files.onChange = (guildIds) => changes.push([...guildIds].sort());
    const ada = { id: '310000000000000001', username: 'ada', status: 'dnd' };
    await put('town.json', { id: town, name: 'Town', note: 1, members: [ada] });
    await files.look();
    await put('hall.json', { id: hall, name: 'Hall' });
    await files.look();
    await put('notes.json', '{');
    await files.look();
    await rm(path.join(folder, 'notes.json'));
    await files.look();
    expect(changes).toEqual([[town], [hall]]);
    // The same guild in another file, in other words.
    await put('a.json', {
      note: 2,
      members: { [ada.id]: { status: 'DND', username: 'ada ', note: 3 } },
      name: 'Town',
      id: town,
    });
    await files.look();
    expect(changes).toHaveLength(2);
    expect(warnings.at(-1)).toContain(`guild ${town} is told in another file too`);
    await rm(path.join(folder, 'hall.json'));
    await files.look();
    expect(changes.slice(2)).toEqual([[hall]]);
  });
});
