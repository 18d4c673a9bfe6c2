import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { PendingLogins } from '../../../src/doors/pending-logins.js';

describe('PendingLogins', () => {
  it('gives back what began in this browser, once, with the verifier of its challenge', () => {
    const logins = new PendingLogins();
    const { state, binder, challenge } = logins.begin('/here');
    const login = logins.take(state, binder);
    expect(login?.returnTo).toBe('/here');
    expect(createHash('sha256').update(login!.verifier).digest('base64url')).toBe(challenge);
    expect(login!.verifier).toMatch(/^[\w-]{43}$/);
    expect(logins.take(state, binder)).toBeUndefined();
  });

  it('gives nothing to another browser, and nothing to anybody afterwards', () => {
    const logins = new PendingLogins();
    const [mine, theirs] = [logins.begin('/'), logins.begin('/')];
    expect(new Set([mine.state, mine.binder, theirs.state, theirs.binder]).size).toBe(4);
    expect(logins.take(mine.state, theirs.binder)).toBeUndefined();
    expect(logins.take(mine.state, mine.binder)).toBeUndefined();
    expect(logins.take(theirs.state, '')).toBeUndefined();
    expect(logins.take('unknown', theirs.binder)).toBeUndefined();
  });

  it('forgets those who take too long', async () => {
    const logins = new PendingLogins(1);
    const { state, binder } = logins.begin('/');
    const began = performance.now();
    await vi.waitFor(() => expect(performance.now() - began).toBeGreaterThan(5));
    expect(logins.take(state, binder)).toBeUndefined();
  });
});
