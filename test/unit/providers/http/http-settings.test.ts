import { describe, expect, it } from 'vitest';
import { httpSettings } from '../../../../src/providers/http/http-settings.js';

function faults(env: Record<string, string>): string {
  const { error } = httpSettings.safeParse(env);
  return error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n') ?? '';
}

describe('settings of the source http', () => {
  it('allow no private addresses unless told so', () => {
    expect(httpSettings.parse({}).HTTP_SOURCE_ALLOW_PRIVATE).toBe(false);
    expect(httpSettings.parse({ HTTP_SOURCE_ALLOW_PRIVATE: 'true' }).HTTP_SOURCE_ALLOW_PRIVATE).toBe(true);
    expect(faults({ HTTP_SOURCE_ALLOW_PRIVATE: 'yes' })).toContain('HTTP_SOURCE_ALLOW_PRIVATE');
  });

  it.each([
    ['not an address', /http\(s\) address/],
    ['ftp://example.com/x', /http\(s\) address/],
    ['file:///etc/passwd', /http\(s\) address/],
    ['https://hidden-user:hidden-word@example.com/x', /must not hold a user/],
    ['https://example.com/x#part', /fragment/],
  ])('refuse %j', (url, expected) => {
    const list = faults({ HTTP_SOURCE_GUILDS_URL: url });
    expect(list).toMatch(expected);
    expect(list).not.toMatch(/hidden/);
    expect(faults({ HTTP_SOURCE_GUILD_URL: `${url.replace('#part', '')}/{guildId}` }) === '').toBe(
      url.includes('#part'),
    );
  });

  it.each([
    ['https://example.com/guilds', /must contain \{guildId\}/],
    ['https://{guildId}.example.com/', /behind its host/],
    ['https://example.com:{guildId}/', /http\(s\) address|behind its host/],
  ])('refuse the template %j', (url, expected) => {
    expect(faults({ HTTP_SOURCE_GUILD_URL: url })).toMatch(expected);
  });

  it('take the id in the path or in the query', () => {
    expect(faults({ HTTP_SOURCE_GUILD_URL: 'https://example.com/g/{guildId}/members' })).toBe('');
    expect(faults({ HTTP_SOURCE_GUILD_URL: 'https://example.com/g?id={guildId}' })).toBe('');
  });

  it('read headers, with what separates them also inside their values', () => {
    const { HTTP_SOURCE_HEADERS } = httpSettings.parse({
      HTTP_SOURCE_HEADERS: 'Authorization: Bearer 12|abc | X-Tenant:blue:green|Accept: application/vnd.town+json',
    });
    expect(HTTP_SOURCE_HEADERS).toEqual({
      authorization: 'Bearer 12|abc',
      'x-tenant': 'blue:green',
      accept: 'application/vnd.town+json',
    });
  });

  it.each([
    ['hidden-word', /header 1 must be/],
    ['X-Ok: 1|Authorization:', /header 2 must be/],
    ['X-Ok: 1|X-Key: hidden-word\r\nX-More: 2', /header 2/],
    ['X-Key: hidden-wörd', /plain characters/],
    ['Host: hidden-word', /host, which cannot be set/],
    ['Content-Length: 5', /content-length/],
    ['X-Key: hidden-word|x-key: other', /said twice/],
    ['X Key: hidden-word', /header 1 must be/],
  ])('refuse the headers %j and tell none of their values', (text, expected) => {
    const list = faults({ HTTP_SOURCE_HEADERS: text });
    expect(list).toMatch(expected);
    expect(list).not.toMatch(/hidden/);
  });

  it('read fields, with commas also inside their pointers', () => {
    const { HTTP_SOURCE_FIELDS: map } = httpSettings.parse({
      HTTP_SOURCE_FIELDS: 'members=/data/users,id=/uid, displayName = /profile,x/nick,guild=,guild.name=/a~1b',
    });
    expect(map.parts).toEqual({ members: ['data', 'users'], guild: [] });
    expect([...map.member]).toEqual([
      ['id', ['uid']],
      ['displayName', ['profile,x', 'nick']],
    ]);
    expect([...map.guild]).toEqual([['name', ['a/b']]]);
  });

  it.each([
    ['nick=/x', /no field "nick"; choose from guilds, guild, members/],
    ['guild.members=/x', /no field "guild.members"/],
    ['__proto__=/x', /no field "__proto__"/],
    ['id', /no field "id"/],
    ['id=uid', /id: must be a JSON pointer/],
    ['id=/a~5', /id: must be a JSON pointer/],
    ['id=/a,id=/b', /id: is said twice/],
  ])('refuse the fields %j', (text, expected) => {
    expect(faults({ HTTP_SOURCE_FIELDS: text })).toMatch(expected);
  });
});
