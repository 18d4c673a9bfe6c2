import { describe, expect, it } from 'vitest';
import { mayUseCookies, namedOrigins } from '../../../src/gateway/cors-origin.js';

const own = 'https://guilds.example.org/rooms';
const friend = 'https://friend.example';

describe('mayUseCookies', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['a program', {}, true],
    ['an address that is opened', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, true],
    ['a link on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, true],
    ['a script of ours', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, true],
    ['a picture on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, false],
    ['a picture on a neighbour', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, false],
    ['our page by its public address', { origin: 'https://guilds.example.org', host: 'inner:3000' }, true],
    ['our page by the address that was asked', { origin: 'http://localhost:3000', host: 'localhost:3000' }, true],
    ['a named page', { origin: friend, 'sec-fetch-site': 'cross-site' }, true],
    ['a page in a sandbox', { origin: 'null', host: 'null' }, false],
    ['a page of nobody', { origin: 'https://evil.example', host: 'guilds.example.org' }, false],
    ['a page that sounds like a named one', { origin: `${friend}.evil.example` }, false],
  ])('%s', (_name, headers, expected) => {
    expect(mayUseCookies(`https://other.example, ${friend}`, own, headers)).toBe(expected);
  });

  it('names no origin where every one may read', () => {
    expect(namedOrigins('*')).toEqual([]);
    expect(namedOrigins(`*, ${friend}`)).toEqual([]);
    expect(mayUseCookies('*', own, { origin: friend })).toBe(false);
    expect(mayUseCookies('*', own, { origin: 'https://guilds.example.org' })).toBe(true);
  });
});
