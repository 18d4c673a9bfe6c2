import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';

let discord: FakeDiscord;
let ada: string;
const redirectUri = 'https://app.example/callback';
const verifier = 'v'.repeat(43);
beforeAll(async () => {
  discord = await FakeDiscord.start();
  ada = discord.addUser({ username: 'ada', globalName: 'Ada' }).id;
});
afterAll(() => discord.stop());

function authorizeUrl(more: Record<string, string> = {}): string {
  const query = {
    response_type: 'code',
    client_id: discord.botUser.id,
    scope: 'identify',
    redirect_uri: redirectUri,
    state: 'some-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
  return `https://discord.example/oauth2/authorize?${new URLSearchParams(query).toString()}`;
}

async function redeem(more: Record<string, string | undefined> = {}) {
  const code = new URL(discord.logins.agree(authorizeUrl(), ada)).searchParams.get('code')!;
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    client_id: discord.botUser.id,
    client_secret: discord.logins.clientSecret,
    ...more,
  };
  const set = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const body = new URLSearchParams(set);
  const response = await fetch(`${discord.apiUrl}/v10/oauth2/token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, form };
}

const ask = async (path: string, token: string) => {
  const response = await fetch(`${discord.apiUrl}/v10${path}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('logins at the fake Discord', () => {
  it('give a token for a code, which tells whose it is and at which application', async () => {
    const callback = new URL(discord.logins.agree(authorizeUrl(), ada));
    expect(callback.searchParams.get('state')).toBe('some-state');
    const { status, body } = await redeem();
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'identify' });
    const token = String(body.access_token);
    expect((await ask('/users/@me', token)).body).toMatchObject({ id: ada, global_name: 'Ada' });
    expect((await ask('/oauth2/@me', token)).body).toMatchObject({
      application: { id: discord.botUser.id },
      user: { id: ada },
      scopes: ['identify'],
    });
    discord.logins.revoke(token);
    expect((await ask('/users/@me', token)).status).toBe(401);
  });

  it.each([
    ['no verifier', { code_verifier: undefined }, 400, 'invalid_grant'],
    ['a wrong verifier', { code_verifier: 'w'.repeat(43) }, 400, 'invalid_grant'],
    ['a wrong code', { code: 'made-up' }, 400, 'invalid_grant'],
    ['another address to go back to', { redirect_uri: 'https://other.example/' }, 400, 'invalid_grant'],
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ])('give none for %s', async (_name, more, status, error) => {
    expect(await redeem(more)).toMatchObject({ status, body: { error } });
  });

  it('give one token for a code, and no second', async () => {
    const { form } = await redeem();
    expect(await redeem({ code: form.code })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('tell nothing to tokens that are over, unknown or for something else', async () => {
    const { logins } = discord;
    expect((await ask('/oauth2/@me', 'made-up')).status).toBe(401);
    expect((await ask('/users/@me', logins.token({ userId: ada, lifetime: -1 }))).status).toBe(401);
    const narrow = logins.token({ userId: ada, scopes: ['guilds'] });
    expect((await ask('/users/@me', narrow)).status).toBe(403);
    expect((await ask('/oauth2/@me', narrow)).body).not.toHaveProperty('user');
    // People's tokens open nothing of the bot's.
    expect((await ask('/users/@me/guilds', logins.token({ userId: ada }))).status).toBe(401);
  });
});
