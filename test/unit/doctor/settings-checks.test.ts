import { describe, expect, it } from 'vitest';
import { keysCheck } from '../../../src/doctor/checks/keys.check.js';
import { originsCheck } from '../../../src/doctor/checks/origins.check.js';
import { proxyCheck } from '../../../src/doctor/checks/proxy.check.js';
import { redisCheck } from '../../../src/doctor/checks/redis.check.js';
import { settingsCheck, settingsFaults } from '../../../src/doctor/checks/settings.check.js';
import { type DoctorCheck } from '../../../src/doctor/doctor-check.js';
import { type Finding } from '../../../src/doctor/finding.js';
import { type Visit } from '../../../src/doctor/installation.js';
import { findingsOf } from './installation-parts.js';

const chance = 'b7Qx0vN3kZr9TyWm2LpA';
const throughProxy: Visit = { peer: '10.0.0.7', forwarded: true };
const straight: Visit = { peer: '10.0.0.7', forwarded: false };

interface Row {
  what: string;
  check: DoctorCheck;
  env?: Record<string, string>;
  visit?: Visit;
  state: Finding['state'];
  sentence: string | RegExp;
  remedy?: string | RegExp;
}

const rows: Row[] = [
  { what: 'one token', check: settingsCheck, env: { DISCORD_TOKEN: 'a.b.c' }, state: 'ok', sentence: /can be read/ },
  {
    what: 'two tokens',
    check: settingsCheck,
    env: { DISCORD_TOKEN: 'a.b.c', DISCORD_BOT_TOKEN: 'd.e.f' },
    state: 'warn',
    sentence: /two names of one setting/,
    remedy: /Keep DISCORD_TOKEN/,
  },
  {
    what: 'the same token twice',
    check: settingsCheck,
    env: { DISCORD_TOKEN: 'a.b.c', DISCORD_BOT_TOKEN: 'a.b.c' },
    state: 'ok',
    sentence: /can be read/,
  },
  { what: 'no origins', check: originsCheck, state: 'ok', sentence: /every site/ },
  {
    what: 'good origins',
    check: originsCheck,
    env: { CORS_ORIGINS: 'https://a.example, http://localhost:8080' },
    state: 'ok',
    sentence: 'Pages of 2 other sites may read from here (CORS_ORIGINS).',
  },
  {
    what: 'a slash behind an origin',
    check: originsCheck,
    env: { CORS_ORIGINS: 'https://a.example,https://b.example/' },
    state: 'fail',
    sentence: /^Entry 2 of CORS_ORIGINS is not written as browsers write/,
    remedy: /: https:\/\/b\.example$/,
  },
  {
    what: 'a host for an origin',
    check: originsCheck,
    env: { CORS_ORIGINS: 'a.example' },
    state: 'fail',
    sentence: /^Entry 1 of CORS_ORIGINS/,
    remedy: /https:\/\/example\.org$/,
  },
  {
    what: 'a pattern for an origin',
    check: originsCheck,
    env: { CORS_ORIGINS: 'https://*.a.example' },
    state: 'fail',
    sentence: /has a \* in it/,
    remedy: /Name each origin/,
  },
  {
    what: 'every origin and one more',
    check: originsCheck,
    env: { CORS_ORIGINS: '*,https://a.example' },
    state: 'warn',
    sentence: /the others say nothing/,
    remedy: /either \* or the others/,
  },
  { what: 'no request', check: proxyCheck, state: 'skipped', sentence: /Only a request tells/ },
  { what: 'a straight request', check: proxyCheck, visit: straight, state: 'ok', sentence: /came without a proxy/ },
  {
    what: 'a proxy that is not named',
    check: proxyCheck,
    visit: throughProxy,
    state: 'warn',
    sentence: /a proxy at 10\.0\.0\.7 that TRUST_PROXY does not name/,
    remedy: /TRUST_PROXY=1 .*TRUST_PROXY=10\.0\.0\.7/,
  },
  {
    what: 'another proxy than the one that is named',
    check: proxyCheck,
    env: { TRUST_PROXY: '10.0.0.8' },
    visit: throughProxy,
    state: 'warn',
    sentence: /does not name/,
    remedy: /TRUST_PROXY/,
  },
  {
    what: 'a proxy that is named by number',
    check: proxyCheck,
    env: { TRUST_PROXY: '1' },
    visit: throughProxy,
    state: 'ok',
    sentence: /that TRUST_PROXY names/,
  },
  {
    what: 'a request past the proxy',
    check: proxyCheck,
    env: { TRUST_PROXY: 'uniquelocal' },
    visit: straight,
    state: 'skipped',
    sentence: /came past the proxy/,
  },
  {
    what: 'everybody trusted',
    check: proxyCheck,
    env: { TRUST_PROXY: 'true' },
    state: 'warn',
    sentence: /believes everybody/,
    remedy: /number of proxies/,
  },
  { what: 'no Redis', check: redisCheck, state: 'ok', sentence: /none is needed/ },
  {
    what: 'an idle Redis',
    check: redisCheck,
    env: { REDIS_URL: 'redis://cache:6379' },
    state: 'warn',
    sentence: /does not use Redis/,
    remedy: /Take REDIS_URL away/,
  },
  { what: 'no keys', check: keysCheck, state: 'ok', sentence: /API_KEYS is empty: .*admin\.key of DATA_DIR/ },
  {
    what: 'good keys without an admin',
    check: keysCheck,
    env: { API_KEYS: `read=${chance}` },
    state: 'ok',
    sentence: /has one key; .*admin\.key/,
  },
  {
    what: 'good keys with an admin',
    check: keysCheck,
    env: { API_KEYS: `admin=${chance}, read=${chance}x` },
    state: 'ok',
    sentence: 'API_KEYS has 2 keys.',
  },
  {
    what: 'a key of few letters',
    check: keysCheck,
    env: { API_KEYS: `admin=${chance},read=abababababababababab` },
    state: 'warn',
    sentence: 'The key of entry 2 of API_KEYS can be guessed.',
    remedy: /openssl rand/,
  },
  {
    what: 'keys of well-known words',
    check: keysCheck,
    env: { API_KEYS: 'admin=change-me-please-now,read=my-super-Password-for-it' },
    state: 'warn',
    sentence: 'The key of entries 1, 2 of API_KEYS can be guessed.',
    remedy: /openssl rand/,
  },
];

describe('what settings tell by themselves', () => {
  it.each(rows)('$what: $state', async ({ check, env, visit, state, sentence, remedy }) => {
    const [finding, ...more] = await findingsOf(check, env, { visit });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ check: check.name, state });
    if (typeof sentence === 'string') expect(finding?.sentence).toBe(sentence);
    else expect(finding?.sentence).toMatch(sentence);
    if (remedy === undefined) expect(finding).not.toHaveProperty('remedy');
    else expect(finding?.remedy).toMatch(remedy);
  });

  it('names every fault of settings that cannot be read', () => {
    const message = 'Some settings are not right (see .env.example):\n  - PORT: is no number\n  - GUILDS: must be ids';
    expect(settingsFaults(message).map(({ state, sentence }) => [state, sentence])).toEqual([
      ['fail', 'PORT: is no number.'],
      ['fail', 'GUILDS: must be ids.'],
    ]);
    expect(settingsFaults('One sentence.')).toMatchObject([{ state: 'fail', sentence: 'One sentence.' }]);
  });
});
