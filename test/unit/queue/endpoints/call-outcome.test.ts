import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../src/queue/endpoints/call-outcome.js';

describe('what an answer of an endpoint means', () => {
  it.each([200, 201, 202, 204, 299])('%s: it has it', (status) => {
    expect(outcomeOf({ status, retryAfterMs: 5 }, 'msg_1', true)).toEqual({ kind: 'sent', messageId: 'msg_1' });
  });

  it('410: it wants nothing more', () => {
    const reason = 'The endpoint answered 410 Gone.';
    expect(outcomeOf({ status: 410, retryAfterMs: 5 }, 'm', true)).toEqual({ kind: 'permanent', reason, gone: true });
  });

  it.each([300, 301, 302, 303, 304, 307, 308, 399])('%s: a counted failure, which says what to do', (status) => {
    const outcome = outcomeOf({ status }, 'm', true);
    expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: true });
    expect(outcome).toHaveProperty(
      'reason',
      expect.stringMatching(new RegExp(`^The endpoint answered ${status}.*redirects are not followed`)),
    );
  });

  it.each([400, 401, 403, 404, 408, 409, 413, 422, 429, 451, 499, 500, 501, 502, 503, 504, 599, 100, 600, 999])(
    '%s: a counted failure',
    (status) => {
      const outcome = outcomeOf({ status }, 'm', true);
      expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: true });
      expect(outcome).not.toHaveProperty('retryAfterMs');
      expect(outcome).not.toHaveProperty('gone');
    },
  );

  it.each([429, 503])('%s with a Retry-After: a pause, for as long as there is patience', (status) => {
    const asked = { status, retryAfterMs: 7_000 };
    expect(outcomeOf(asked, 'm', true)).toMatchObject({ kind: 'retry', burnsAttempt: false, retryAfterMs: 7_000 });
    expect(outcomeOf(asked, 'm', false)).toMatchObject({ kind: 'retry', burnsAttempt: true, retryAfterMs: 7_000 });
    // The next moment is named too, or it would look like an outage.
    expect(outcomeOf({ status, retryAfterMs: 0 }, 'm', true)).toMatchObject({ burnsAttempt: false, retryAfterMs: 0 });
  });

  it.each([500, 502, 404])('%s with a Retry-After: a counted failure, tried again no earlier', (status) => {
    const outcome = outcomeOf({ status, retryAfterMs: 7_000 }, 'm', true);
    expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: true, retryAfterMs: 7_000 });
  });

  it('a call without an answer: a counted failure', () => {
    expect(outcomeOf({ failure: 'nobody listens there (ECONNREFUSED)' }, 'm', true)).toEqual({
      kind: 'retry',
      burnsAttempt: true,
      reason: 'The endpoint was not reached: nobody listens there (ECONNREFUSED).',
    });
  });
});
