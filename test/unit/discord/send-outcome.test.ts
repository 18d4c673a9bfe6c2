import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../src/discord/send-outcome.js';

function apiError(status: number, code: number, message: string): DiscordAPIError {
  return new DiscordAPIError({ code, message }, code, status, 'POST', 'https://discord.test/secret-path', {
    files: undefined,
    body: { content: 'private text' },
  });
}

describe('outcomeOf', () => {
  it.each([
    [403, 50007, 'The user does not accept direct messages from this bot.'],
    [404, 10013, 'Discord knows no such user.'],
    [403, 50001, 'The bot has no access there.'],
    [403, 50013, 'The bot may not write there.'],
  ])('takes %i/%i for final', (status, code, reason) => {
    expect(outcomeOf(apiError(status, code, 'whatever'))).toEqual({ kind: 'permanent', reason });
  });

  it('takes a malformed message for final and tells what Discord said', () => {
    const outcome = outcomeOf(apiError(400, 50035, 'Invalid Form Body'));
    expect(outcome).toMatchObject({
      kind: 'permanent',
      reason: expect.stringContaining('Invalid Form Body') as string,
    });
  });

  it('takes an outage for nobody’s fault', () => {
    const url = 'https://discord.test/x';
    for (const error of [
      new HTTPError(503, 'Service Unavailable', 'POST', url, { body: undefined, files: undefined }),
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
      Object.assign(new Error('This operation was aborted'), { name: 'AbortError' }),
    ]) {
      expect(outcomeOf(error)).toMatchObject({ kind: 'retry', burnsAttempt: false });
    }
  });

  it('passes on how long Discord asks to wait, if it says so', () => {
    const limited = (retryAfter: number) =>
      new RateLimitError({
        timeToReset: 30_000,
        limit: 5,
        method: 'POST',
        hash: '',
        url: 'https://discord.test/x',
        route: '/channels/:id/messages',
        majorParameter: '1',
        global: false,
        retryAfter,
        sublimitTimeout: 0,
        scope: 'user',
      });
    const later = { kind: 'retry', burnsAttempt: false, reason: 'Discord asks for a pause.' };
    expect(outcomeOf(limited(30_000))).toEqual({ ...later, retryAfterMs: 30_000 });
    expect(outcomeOf(limited(0))).toEqual(later);
  });

  it('tells neither the address nor the text of the message', () => {
    for (const error of [
      apiError(400, 50035, 'Invalid'),
      apiError(403, 12345, 'No'),
      apiError(404, 0, '404: Not Found'),
    ]) {
      expect(JSON.stringify(outcomeOf(error))).not.toMatch(/secret-path|private text/);
    }
  });
});
