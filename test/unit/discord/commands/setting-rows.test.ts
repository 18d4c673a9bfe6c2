import { ApplicationCommandOptionType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { settingRows } from '../../../../src/discord/commands/setting-rows.js';
import { type GuildSettings } from '../../../../src/guilds/guild-settings.entity.js';
import { guildSettingsPatch } from '../../../../src/guilds/guild-settings.js';

describe('settingRows', () => {
  it('have one row for each setting of a guild, but for what concerns all guilds', () => {
    expect([...settingRows.map(({ key }) => key), 'isDefault'].sort()).toEqual(
      Object.keys(guildSettingsPatch.shape).sort(),
    );
  });

  it.each(settingRows.map((row) => [row.name.en, row] as const))('%s takes what Discord offers for it', (_, row) => {
    const { option } = row;
    const values =
      'choices' in option
        ? option.choices!.map(({ value }) => value)
        : row.option.type === ApplicationCommandOptionType.Boolean
          ? [true, false]
          : ['ignoredUsers', 'ignoredRoles', 'channels'].includes(row.key)
            ? ['<@111111111111111111>', '-']
            : ['word', '-'];
    expect(values.length).toBeGreaterThan(1);
    for (const value of values) {
      expect(guildSettingsPatch.safeParse({ [row.key]: row.read(value) }).error, String(value)).toBeUndefined();
    }
  });
});

describe('lists of ids', () => {
  const row = settingRows.find(({ key }) => key === 'channels')!;

  it('are read from mentions and ids, and nothing for none of them', () => {
    expect(row.read('<#111111> <@222222>,<@!333333>  <@&444444>, 555555')).toEqual([
      '111111',
      '222222',
      '333333',
      '444444',
      '555555',
    ]);
    expect(row.read('-')).toBeNull();
    expect(row.read('#general')).toEqual(['general']);
  });

  it('are shown, or what holds without', () => {
    const settings = (channels: string[]) => ({ channels }) as GuildSettings;
    expect(row.show(settings(['111111', '222222']), 'es')).toBe('111111, 222222');
    const many = Array.from({ length: 18 }, (_, n) => String(111111 + n));
    expect(row.show(settings(many), 'en')).toMatch(/^111111, .*, 111125, \+3$/);
    expect(row.show(settings([]), 'es')).toBe('todos los que cualquiera puede leer');
    expect(row.show(undefined, 'en')).toBe('all that everybody can read');
  });
});
