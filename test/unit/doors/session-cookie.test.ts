import { describe, expect, it } from 'vitest';
import { cookieOf, loginCookieName, sessionCookieName } from '../../../src/doors/session-cookie.js';

const value = 'a-_Z0'.padEnd(43, 'x');

describe('the cookies of logins', () => {
  it('are bound to the host behind TLS', () => {
    expect(sessionCookieName('https://a.example')).toBe('__Host-guildcast_session');
    expect(loginCookieName('https://a.example')).toBe('__Host-guildcast_login');
    expect(sessionCookieName('http://a.example')).toBe('guildcast_session');
  });

  it.each([
    [`guildcast_session=${value}`, value],
    [`other=1; guildcast_session=${value}; more=2`, value],
    [`other=1;guildcast_session=${value}`, value],
    [`xguildcast_session=${value}`, undefined],
    [`guildcast_session=${value}x`, undefined],
    [`guildcast_session="${value}"`, undefined],
    [`guildcast_session=; guildcast_session=${value}`, undefined],
    [`__Host-guildcast_session=${value}`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %s', (header, expected) => {
    expect(cookieOf(header, 'guildcast_session')).toBe(expected);
  });
});
