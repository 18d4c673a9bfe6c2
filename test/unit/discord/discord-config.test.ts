import { describe, expect, it } from 'vitest';
import { discordConfig, discordToken } from '../../../src/discord/discord.config.js';

function faultsOf(input: Record<string, string>): string[] {
  const parsed = discordConfig.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('discord.config', () => {
  it('needs nothing', () => {
    expect(discordConfig.parse({})).toEqual({
      DISCORD_API_URL: 'https://discord.com/api',
      DISCORD_COMMANDS: 'on',
      DISCORD_SHARDS: 'auto',
      DISCORD_MAX_REFUSALS: 1_000,
    });
  });

  it('takes empty texts for unset', () => {
    const config = discordConfig.parse({ DISCORD_TOKEN: '', DISCORD_BOT_TOKEN: ' ', DISCORD_API_URL: '', GUILDS: '' });
    expect(discordToken(config)).toBeUndefined();
    expect(config.GUILDS).toBeUndefined();
    expect(config.DISCORD_API_URL).toBe('https://discord.com/api');
  });

  it('reads the token by either name, the first one first, without the word Bot', () => {
    expect(discordToken(discordConfig.parse({ DISCORD_BOT_TOKEN: ' Bot abc.def ' }))).toBe('abc.def');
    expect(discordToken(discordConfig.parse({ DISCORD_TOKEN: 'one', DISCORD_BOT_TOKEN: 'two' }))).toBe('one');
  });

  it('refuses a token of several words without repeating it', () => {
    const faults = faultsOf({ DISCORD_TOKEN: 'se cret\nvalue' });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('DISCORD_TOKEN');
    expect(faults[0]).not.toContain('cret');
  });

  it('reads the guilds: all, or ids', () => {
    expect(discordConfig.parse({ GUILDS: ' * ' }).GUILDS).toBe('*');
    expect(discordConfig.parse({ GUILDS: '81384788765712384, 81384788765712385,,81384788765712384' }).GUILDS).toEqual([
      '81384788765712384',
      '81384788765712385',
    ]);
  });

  it('names every id that is none, in one error', () => {
    expect(faultsOf({ GUILDS: '81384788765712384,my-guild,*' })).toEqual([
      'GUILDS: must be * or guild ids separated by commas, not "my-guild", "*"',
    ]);
  });

  it('takes an http(s) address for the API, without a slash or version at its end', () => {
    expect(discordConfig.parse({ DISCORD_API_URL: 'http://127.0.0.1:4000/api/' }).DISCORD_API_URL).toBe(
      'http://127.0.0.1:4000/api',
    );
    expect(discordConfig.parse({ DISCORD_API_URL: 'https://peer.test/api/v10' }).DISCORD_API_URL).toBe(
      'https://peer.test/api',
    );
    for (const wrong of ['discord.com/api', 'ftp://discord.com', 'https://user:secret@discord.com/api']) {
      expect(faultsOf({ DISCORD_API_URL: wrong })).toHaveLength(1);
    }
  });

  it.each(['0', '-1', '9001', '1.5', 'many'])('refuses %s as a number of refusals that may be risked', (value) => {
    expect(faultsOf({ DISCORD_MAX_REFUSALS: value })[0]).toContain('DISCORD_MAX_REFUSALS');
  });
});
