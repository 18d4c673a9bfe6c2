import { ApplicationCommandOptionType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { settingRows } from '../../../../src/discord/commands/setting-rows.js';
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
