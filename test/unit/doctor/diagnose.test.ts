import { describe, expect, it } from 'vitest';
import { StartupError } from '../../../src/database/startup-error.js';
import { diagnose } from '../../../src/doctor/diagnose.js';
import { type DoctorCheck } from '../../../src/doctor/doctor-check.js';
import { fail, ok, skipped, warn } from '../../../src/doctor/finding.js';
import { findingsTable } from '../../../src/doctor/findings-table.js';
import { sharedReading } from '../../../src/doctor/shared-reading.js';
import { withoutSecrets } from '../../../src/doctor/without-secrets.js';
import { installationWith } from './installation-parts.js';

const good: DoctorCheck = { name: 'good', examine: () => ok('Well.') };

describe('a diagnosis', () => {
  it('runs side by side, in the order of the checks, and is ok when nothing failed', async () => {
    let meet!: () => void;
    const met = new Promise<void>((resolve) => (meet = resolve));
    // Each waits for the other: one after the other they would never end.
    const first: DoctorCheck = { name: 'first', examine: () => met.then(() => [ok('One.'), warn('Two.', 'Do.')]) };
    const second: DoctorCheck = { name: 'second', examine: () => (meet(), skipped('Three.')) };
    expect(await diagnose([first, second], installationWith())).toEqual({
      ok: true,
      findings: [
        { check: 'first', state: 'ok', sentence: 'One.' },
        { check: 'first', state: 'warn', sentence: 'Two.', remedy: 'Do.' },
        { check: 'second', state: 'skipped', sentence: 'Three.' },
      ],
    });
  });

  it('does not wait for a check that hangs', async () => {
    const hanging: DoctorCheck = { name: 'hanging', examine: () => new Promise(() => undefined) };
    const { ok: well, findings } = await diagnose([hanging, good], installationWith(), 50);
    expect(well).toBe(false);
    expect(findings).toMatchObject([
      {
        check: 'hanging',
        state: 'fail',
        sentence: 'There was no answer within 0.05 s.',
        remedy: expect.stringMatching(/hangs/) as string,
      },
      { check: 'good', state: 'ok' },
    ]);
  });

  it('survives a check that breaks, now or later', async () => {
    const now: DoctorCheck = {
      name: 'now',
      examine: () => {
        throw new Error('a bug');
      },
    };
    const later: DoctorCheck = { name: 'later', examine: () => Promise.reject(new StartupError('The file is bad.')) };
    expect((await diagnose([now, later, good], installationWith())).findings).toMatchObject([
      { check: 'now', state: 'fail', sentence: 'This could not be looked at: a bug.' },
      { check: 'later', state: 'fail', sentence: 'The file is bad.' },
      { check: 'good', state: 'ok' },
    ]);
  });
});

describe('the words of a diagnosis', () => {
  const config = installationWith({
    DISCORD_TOKEN: 'canary.token.one',
    API_KEYS: 'read=canary-key-0123456789',
    DATABASE_URL: 'postgres://me:canary%2Fpass@db/x',
    POSTGRES_SOURCE_URL: 'postgres://db/x?user=me&password=canaryquery',
    HTTP_SOURCE_HEADERS: 'Authorization: Bearer canaryheader',
    REDIS_URL: 'redis://me:canaryredis@cache',
  }).config;

  it.each([
    'canary.token.one',
    'canary-key-0123456789',
    'canary%2Fpass',
    'canary/pass',
    'canaryquery',
    'canaryheader',
    'canaryredis',
    'https://me:other@host/',
  ])('never hold %s', (secret) => {
    const safe = withoutSecrets(config)(`It said: ${secret}, twice ${secret}!`);
    expect(safe).not.toMatch(/canary|other/);
    expect(safe).toMatch(/^It said: /);
  });

  it('are cleaned in sentences and remedies', async () => {
    const telling: DoctorCheck = { name: 'telling', examine: () => fail('canary.token.one', 'canary-key-0123456789') };
    const { findings } = await diagnose([telling], { ...installationWith(), config });
    expect(findings).toEqual([{ check: 'telling', state: 'fail', sentence: '[secret]', remedy: '[secret]' }]);
  });
});

describe('the table', () => {
  const findings = [
    { check: 'a', state: 'ok' as const, sentence: 'Well.' },
    { check: 'longer', state: 'fail' as const, sentence: 'Broken.', remedy: 'Mend it.' },
    { check: 'b', state: 'fail' as const, sentence: 'Broken too.' },
  ];

  it('has a line for each finding, one for what to do, and a sum', () => {
    expect(findingsTable({ ok: false, findings }, { color: false })).toBe(
      [
        '',
        '  ok       a       Well.',
        '  fail     longer  Broken.',
        '                   → Mend it.',
        '  fail     b       Broken too.',
        '',
        '  2 failed, 1 fine',
        '',
        '',
      ].join('\n'),
    );
  });

  it('has colours when it may', () => {
    const table = findingsTable({ ok: false, findings }, { color: true });
    expect(table).toContain('\u001b[31mfail   \u001b[0m');
    expect(table).toContain('\u001b[32mok     \u001b[0m');
  });
});

describe('a shared reading', () => {
  it('is one for all who ask at once, and anew when it is too old', async () => {
    let asked = 0;
    const read = sharedReading(() => Promise.resolve((asked += 1)), -1);
    expect(await Promise.all([read(), read()])).toEqual([1, 1]);
    expect(await read()).toBe(2);
    const kept = sharedReading(() => Promise.resolve((asked += 1)), Infinity);
    expect([await kept(), await kept()]).toEqual([3, 3]);
  });

  it('shares a failure too', async () => {
    let asked = 0;
    const read = sharedReading(() => Promise.reject(new Error(`failure ${(asked += 1)}`)), Infinity);
    await expect(read()).rejects.toThrow('failure 1');
    await expect(read()).rejects.toThrow('failure 1');
  });
});
