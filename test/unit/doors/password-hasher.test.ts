import { describe, expect, it } from 'vitest';
import { PasswordHasher } from '../../../src/doors/password-hasher.js';
import { Fault } from '../../../src/domain/fault.js';

describe('PasswordHasher', () => {
  it('makes argon2id hashes with a salt each, that know their password', async () => {
    const hasher = new PasswordHasher();
    const [one, two] = [await hasher.hash('open sesame'), await hasher.hash('open sesame')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    for (const hashed of [one, two]) {
      expect(await hasher.matches(hashed, 'open sesame')).toBe(true);
      // Again, and in another hasher, which knows of no former try.
      expect(await hasher.matches(hashed, 'open sesame')).toBe(true);
      expect(await new PasswordHasher().matches(hashed, 'open sesame')).toBe(true);
      expect(await hasher.matches(hashed, 'open sesamE')).toBe(false);
      expect(await hasher.matches(hashed, '')).toBe(false);
    }
  });

  it('takes the same letters from every keyboard', async () => {
    const hasher = new PasswordHasher();
    const hashed = await hasher.hash('caf\u00e9 \ufb01ne');
    expect(await hasher.matches(hashed, 'cafe\u0301 fine')).toBe(true);
  });

  it('does not mix up which hash a password was right for', async () => {
    const hasher = new PasswordHasher();
    const [one, two] = [await hasher.hash('first word'), await hasher.hash('second word')];
    expect(await hasher.matches(one, 'first word')).toBe(true);
    expect(await hasher.matches(two, 'first word')).toBe(false);
  });

  it('bounds how many wait and work at a time, and refuses more without a verdict', async () => {
    const hashed = await new PasswordHasher().hash('open sesame');
    const hasher = new PasswordHasher({ atOnce: 2, waiting: 3 });
    const guess = (n: number) => hasher.matches(hashed, `guess ${n}`).catch((fault: unknown) => fault);
    const tries = Array.from({ length: 8 }, (_, n) => guess(n));
    // The same question as one that is being asked is no further try.
    const same = guess(0);
    const outcomes = await Promise.all(tries);
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill(false));
    for (const refused of outcomes.slice(5)) {
      expect(refused).toBeInstanceOf(Fault);
      expect(refused).toMatchObject({ code: 'service.unavailable' });
    }
    expect(await same).toBe(false);
    // There is room again.
    expect(await guess(9)).toBe(false);
  });
});
