import { describe, expect, it } from 'vitest';
import { doorsConfig, loginSettings, shutSentence } from '../../../src/doors/doors.config.js';

const all = {
  DISCORD_CLIENT_ID: ' 90071992547409919 ',
  DISCORD_CLIENT_SECRET: 'a-secret',
  PUBLIC_URL: 'https://guilds.example.org/rooms//',
};

describe('the settings of doors', () => {
  it('are whole with an application, its secret and the public address', () => {
    expect(loginSettings(doorsConfig.parse(all))).toEqual({
      clientId: '90071992547409919',
      clientSecret: 'a-secret',
      publicUrl: 'https://guilds.example.org/rooms',
    });
    expect(doorsConfig.parse({})).toEqual({ SESSION_HOURS: 168, LOGIN_RECHECK_SECONDS: 600 });
  });

  it.each([
    ['DISCORD_CLIENT_ID', 'not-a-number'],
    ['DISCORD_CLIENT_SECRET', 'two words'],
    ['PUBLIC_URL', 'guilds.example.org'],
    ['PUBLIC_URL', 'ftp://guilds.example.org'],
    ['PUBLIC_URL', 'https://me:pw@guilds.example.org'],
    ['PUBLIC_URL', 'https://guilds.example.org/?a=b'],
    ['SESSION_HOURS', '0'],
    ['LOGIN_RECHECK_SECONDS', '0.5'],
  ])('refuse %s=%s without quoting a secret', (key, value) => {
    const result = doorsConfig.safeParse({ ...all, [key]: value });
    expect(result.success).toBe(false);
    expect(result.error?.issues.map(({ path }) => path)).toEqual([[key]]);
    expect(result.error?.message).not.toMatch(/two words|me:pw/);
  });

  it('say what is missing', () => {
    expect(loginSettings(doorsConfig.parse({ ...all, DISCORD_CLIENT_SECRET: undefined }))).toBe(
      'Logging in with Discord is not set up here: DISCORD_CLIENT_SECRET is not set.',
    );
    expect(shutSentence(doorsConfig.parse({}), true)).toBe(
      'Guilds behind a Discord login stay shut: DISCORD_CLIENT_ID is not set (see docs/doors.md).',
    );
    expect(shutSentence(doorsConfig.parse(all), false)).toContain('DISCORD_TOKEN is not set');
  });
});
