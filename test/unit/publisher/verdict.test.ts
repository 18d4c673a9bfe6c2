import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/publisher/wire/verdict.js';

const answer = (status: number, body: unknown, retryAfter: string | null = null) => ({
  status,
  retryAfter,
  text: typeof body === 'string' ? body : JSON.stringify(body),
});
const problem = (status: number) => ({
  type: 'urn:guildcast:fault:request.invalid',
  title: 'The request is not valid',
  status,
  code: 'request.invalid',
  detail: 'payload: too deep',
  errors: [{ path: 'payload', message: 'too deep' }, 'nonsense'],
});

describe('an answer', () => {
  it('is a receipt only when Guildcast wrote it', () => {
    expect(judge(answer(202, { id: '17', state: 'pending' }), 'native')).toEqual({ kind: 'accepted', id: '17' });
    expect(judge(answer(201, { success: true, event_id: 17 }), 'event-queue')).toEqual({ kind: 'accepted', id: '17' });
    expect(judge(answer(200, { success: true, event_id: 17 }), 'event-queue').kind).toBe('accepted');
    for (const body of ['<html>Log in</html>', {}, { id: 17 }, 'null', '"17"', '']) {
      expect(judge(answer(200, body), 'native').kind).toBe('unreachable');
    }
    expect(judge(answer(200, { success: false, event_id: 1 }), 'event-queue').kind).toBe('unreachable');
  });

  it('refuses in either form, with what is wrong', () => {
    expect(judge(answer(400, problem(400)), 'native')).toEqual({
      kind: 'refused',
      status: 400,
      lasting: true,
      reason: 'payload: too deep',
      fault: 'request.invalid',
      errors: [{ path: 'payload', message: 'too deep' }],
    });
    expect(judge(answer(422, { success: false, error: 'used before' }), 'event-queue')).toEqual({
      kind: 'refused',
      status: 422,
      lasting: true,
      reason: 'used before',
    });
  });

  it.each([401, 403])('%d is about the key and not about the letter', (status) => {
    expect(judge(answer(status, problem(status)), 'native')).toMatchObject({ kind: 'refused', lasting: false });
    expect(judge(answer(status, '<html>'), 'native')).toMatchObject({ kind: 'refused', lasting: false });
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('%d is for later', (status) => {
    expect(judge(answer(status, problem(status)), 'native')).toMatchObject({
      kind: 'unreachable',
      reason: expect.stringContaining('too deep') as string,
    });
  });

  it('is no refusal when somebody else wrote it, but for a body that is too large', () => {
    for (const status of [301, 302, 400, 404, 405]) {
      expect(judge(answer(status, '404 page not found'), 'native').kind).toBe('unreachable');
    }
    expect(judge(answer(413, '<html>'), 'native')).toMatchObject({ kind: 'refused', lasting: true });
  });

  it('tells a letter that Guildcast fails at from an outage', () => {
    expect(judge(answer(500, problem(500)), 'native')).toMatchObject({ ownFault: true });
    expect(judge(answer(500, 'Internal Server Error'), 'native')).toMatchObject({ ownFault: false });
    expect(judge(answer(503, problem(503)), 'native')).toMatchObject({ ownFault: false });
  });

  it('may ask for a wait, in seconds or until a time, and not for ever', () => {
    const wait = (retryAfter: string) => {
      const verdict = judge(answer(429, '', retryAfter), 'native');
      return verdict.kind === 'unreachable' ? verdict.retryAfterMs : 'no wait';
    };
    expect(wait('7')).toBe(7_000);
    expect(wait('999999')).toBe(3_600_000);
    expect(wait(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
    for (const nonsense of ['soon', '-1', new Date(0).toUTCString()]) expect(wait(nonsense)).toBeUndefined();
  });
});
