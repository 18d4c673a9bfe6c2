import { ApplicationCommandOptionType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { idList, settingRows } from '../../../../src/discord/commands/setting-rows.js';
import { type GuildSettings } from '../../../../src/guilds/guild-settings.entity.js';
import { guildSettingsPatch } from '../../../../src/guilds/guild-settings.js';

describe('settingRows', () => {
  it('have one row for each setting of a guild', () => {
    expect(settingRows.map(({ key }) => key).sort()).toEqual(Object.keys(guildSettingsPatch.shape).sort());
  });

  it.each(settingRows.map((row) => [row.name.en, row] as const))('%s takes what Discord offers for it', (_, row) => {
    const { option } = row;
    const values =
      'choices' in option
        ? option.choices!.map(({ value }) => value)
        : row.option.type === ApplicationCommandOptionType.Boolean
          ? [true, false]
          : ['word', '-'];
    expect(values.length).toBeGreaterThan(1);
    for (const value of values) {
      expect(guildSettingsPatch.safeParse({ [row.key]: row.read(value) }).error, String(value)).toBeUndefined();
    }
  });
});

describe('idList', () => {
  const name = { en: 'channels', es: 'canales' };
  const none = { value: null, words: { en: 'all', es: 'todos' } };
  // There is no such setting yet; the key is only handed through.
  const row = idList('alias', name, name, none);

  it('reads mentions and ids, and nothing for none of them', () => {
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

  it('shows them, or what holds without', () => {
    const settings = (alias: unknown) => ({ alias }) as GuildSettings;
    expect(row.show(settings(['111111', '222222']), 'es')).toBe('111111, 222222');
    expect(row.show(settings([]), 'es')).toBe('todos');
    expect(row.show(undefined, 'en')).toBe('all');
  });
});
