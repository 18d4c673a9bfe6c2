import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DiscordOAuth } from '../../../src/doors/discord-oauth.js';
import { VisitorTokens } from '../../../src/doors/visitor-tokens.js';

const application = '90071992547409919';
const whole = {
  application: { id: application },
  expires: '2099-01-01T00:00:00.000000+00:00',
  user: { id: '90071992547409921' },
};

/** A Discord that answers as the test says. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: number;
let server: Server;
let oauth: DiscordOAuth;
beforeEach(async () => {
  requests = 0;
  server = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  oauth = new DiscordOAuth(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api`);
});
afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, headers).end(JSON.stringify(body));
  };

describe('what Discord says of a token', () => {
  it('is whose it is, where it was given, and until when', async () => {
    answer = json(whole);
    expect(await oauth.authorizationOf('a-token')).toEqual({
      applicationId: application,
      userId: '90071992547409921',
      expiresAt: Date.parse('2099-01-01'),
    });
  });

  it.each([400, 401, 403])('is nothing with %i', async (status) => {
    answer = json({ message: 'no' }, status);
    expect(await oauth.authorizationOf('a-token')).toBeUndefined();
  });

  it.each(['', 'two words', 'line\nbreak', 'ümlaut', 'x'.repeat(2_049)])('is not asked for %j', async (token) => {
    answer = json(whole);
    expect(await oauth.authorizationOf(token)).toBeUndefined();
    expect(requests).toBe(0);
  });

  it.each<[string, typeof answer]>([
    ['an error of its own', json({}, 500)],
    ['another shape', json({ user: { id: 'x' } })],
    ['no JSON', (_, response) => void response.end('<html>')],
    ['more than anybody would read', (_, response) => void response.end(JSON.stringify({ more: 'x'.repeat(100_000) }))],
    ['a way to somewhere else', json({}, 302, { location: 'http://127.0.0.1:1/' })],
    ['nothing', (_, response) => void response.destroy()],
  ])('cannot be told when there comes %s, and no token is logged', async (_name, way) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    answer = way;
    for (let n = 0; n < 2; n += 1) {
      await expect(oauth.authorizationOf('a-secret-token')).rejects.toMatchObject({ code: 'service.unavailable' });
    }
    // Once: an outage is one piece of news.
    expect(warn).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('a-secret-token');
    const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    answer = json(whole);
    expect(await oauth.authorizationOf('a-secret-token')).toBeDefined();
    expect(log).toHaveBeenCalledTimes(1);
  });

  it('is not asked for while Discord wants a pause', async () => {
    answer = json({}, 429, { 'retry-after': '30' });
    const fault = { code: 'service.unavailable', details: { retryAfter: 30 } };
    await expect(oauth.authorizationOf('a-token')).rejects.toMatchObject(fault);
    await expect(oauth.authorizationOf('another')).rejects.toMatchObject(fault);
    expect(requests).toBe(1);
  });

  it('is not asked for any more after 900 refusals, which would get the address barred', async () => {
    answer = json({}, 401);
    for (let n = 0; n < 900; n += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, m) => oauth.authorizationOf(`guess-${n + m}`)));
    }
    await expect(oauth.authorizationOf('one-more')).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(requests).toBe(900);
  }, 60_000);

  it('is asked for eight tokens at once, and for no more than 200 others after them', async () => {
    const held: ServerResponse[] = [];
    answer = (_, response) => void held.push(response);
    const questions = Array.from({ length: 230 }, (_, n) => oauth.authorizationOf(`t-${n}`).catch(() => 'refused'));
    await vi.waitFor(() => expect(held).toHaveLength(8), { timeout: 15_000 });
    answer = json(whole);
    for (const response of held) json(whole)({} as IncomingMessage, response);
    const answers = await Promise.all(questions);
    expect(answers.filter((one) => one === 'refused')).toHaveLength(22);
    expect(requests).toBe(208);
  }, 60_000);
});

describe('a code', () => {
  const exchange = {
    code: 'c',
    verifier: 'v',
    redirectUri: 'https://a.example/',
    clientId: application,
    clientSecret: 's',
  };

  it('is redeemed with its verifier and the secret of the application', async () => {
    let body = '';
    answer = (request, response) => {
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => response.end(JSON.stringify({ access_token: 'given', token_type: 'Bearer' })));
    };
    expect(await oauth.redeem(exchange)).toBe('given');
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'authorization_code',
      code: 'c',
      code_verifier: 'v',
      redirect_uri: 'https://a.example/',
      client_id: application,
      client_secret: 's',
    });
  });

  it('cannot be redeemed with a wrong secret, and the operator hears why', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    answer = json({ error: 'invalid_client' }, 401);
    await expect(oauth.redeem(exchange)).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(warn.mock.calls.flat().join()).toContain('DISCORD_CLIENT_SECRET is refused');
  });

  it('that Discord refuses, or answers with another kind of token, is worth nothing', async () => {
    answer = json({ error: 'invalid_grant' }, 400);
    expect(await oauth.redeem(exchange)).toBeUndefined();
    answer = json({ access_token: 'given', token_type: 'mac' });
    expect(await oauth.redeem(exchange)).toBeUndefined();
  });
});

describe('VisitorTokens', () => {
  it('asks once for those who come at once, and forgets no pause: a failure is asked again', async () => {
    const tokens = new VisitorTokens(oauth, application, 60_000);
    answer = json(whole);
    const owners = await Promise.all([tokens.ownerOf('a'), tokens.ownerOf('a')]);
    expect(owners.map((owner) => owner?.userId)).toEqual(['90071992547409921', '90071992547409921']);
    expect(requests).toBe(1);
    answer = json({}, 500);
    for (const level of ['warn', 'log'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
    }
    await expect(tokens.ownerOf('b')).rejects.toMatchObject({ code: 'service.unavailable' });
    answer = json(whole);
    expect(await tokens.ownerOf('b')).toBeDefined();
  });

  it('believes no token of another application, and none that is over by now', async () => {
    const tokens = new VisitorTokens(oauth, application, 60_000);
    answer = json({ ...whole, application: { id: '90071992547409920' } });
    expect(await tokens.ownerOf('theirs')).toBeUndefined();
    answer = json({ ...whole, expires: new Date(Date.now() - 1_000).toISOString() });
    expect(await tokens.ownerOf('old')).toBeUndefined();
  });
});
