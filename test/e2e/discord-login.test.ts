import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser } from '../support/browser.js';
import { DiscordDoorBench, publicUrl } from '../support/discord-door-bench.js';
import { startTestApp } from '../support/test-app.js';
import { staying, type Visitor, waysIn } from '../support/ways-in.js';

const timeout = 20_000;
const names = Object.keys(waysIn);
const friend = 'https://friend.example';

let bench: DiscordDoorBench;
beforeAll(async () => {
  bench = await DiscordDoorBench.open({ CORS_ORIGINS: friend });
});
afterAll(() => bench.close());

const browser = () => new Browser(bench.app.url);
const asRest = (headers: Record<string, string>) =>
  fetch(`${bench.app.url}/api/v1/guilds/${bench.guild.id}`, { headers }).then(({ status }) => status);

/** Through Discord and back. Answers where the browser ends. */
async function logIn(visitor: Browser, userId: string, query = '?return=/'): Promise<string> {
  const authorize = await visitor.follow(`/auth/discord/login${query}`);
  return visitor.follow(bench.discord.logins.agree(authorize, userId));
}

describe('logging in with Discord', () => {
  it('leads through Discord with state and PKCE, and back with a session that no page can read', async () => {
    const visitor = browser();
    const authorize = new URL(await visitor.follow(`/auth/discord/login?guild=town&return=/room?x=1`));
    expect(authorize.origin + authorize.pathname).toBe(`${new URL(bench.discord.apiUrl).origin}/oauth2/authorize`);
    const query = Object.fromEntries(authorize.searchParams);
    expect(query).toMatchObject({
      response_type: 'code',
      client_id: bench.discord.botUser.id,
      scope: 'identify',
      redirect_uri: `${publicUrl}/auth/discord/callback`,
      code_challenge_method: 'S256',
    });
    expect(query.state).toMatch(/^[\w-]{43}$/);
    expect(query.code_challenge).toMatch(/^[\w-]{43}$/);
    expect(await visitor.follow(bench.discord.logins.agree(authorize.href, bench.ada))).toBe(
      `${publicUrl}/room?x=1&login=done`,
    );
    expect([...visitor.cookies.keys()]).toEqual(['guildcast_session']);
    for (const line of visitor.setCookies) {
      expect(line).toContain('; HttpOnly');
      expect(line).toContain('; SameSite=Lax');
      expect(line).toContain('; Path=/');
    }
    expect(visitor.setCookies.at(-1)).toMatch(/^guildcast_session=[\w-]{43}; Max-Age=604800; /);
  });

  it('keeps no id of a session and no token: the database has digests', async () => {
    const visitor = browser();
    await logIn(visitor, bench.ada);
    const database = bench.app.app.get(DataSource);
    const rows: Record<string, unknown>[] = await database.query(
      `select encode(digest, 'hex') as digest, user_id, expires_at from visitor_sessions`,
    );
    const text = JSON.stringify(rows);
    expect(text).toContain(bench.ada);
    expect(text).not.toContain(visitor.cookies.get('guildcast_session'));
    expect(rows.every(({ digest }) => /^[0-9a-f]{64}$/.test(String(digest)))).toBe(true);
  });

  it.each(names)('lets a member in over %s, and nobody else', async (name) => {
    const [ada, eve] = [browser(), browser()];
    await logIn(ada, bench.ada);
    await logIn(eve, bench.eve);
    expect((await bench.enter(name, { cookie: ada.cookie })).refused).toBeUndefined();
    expect((await bench.enter(name, { cookie: eve.cookie })).refused).toBe('guild.guarded');
    const made = `guildcast_session=${'A'.repeat(43)}`;
    expect((await bench.enter(name, { cookie: made })).refused).toBe('guild.guarded');
    expect((await bench.enter(name, { cookie: 'guildcast_session=short; other=1' })).refused).toBe('guild.guarded');
  });

  it('comes back without a session when the visitor refuses', async () => {
    const visitor = browser();
    const authorize = await visitor.follow('/auth/discord/login');
    expect(await visitor.follow(bench.discord.logins.decline(authorize))).toBe(`${publicUrl}/?login=refused`);
    expect(visitor.cookies.size).toBe(0);
  });

  it('goes back to addresses of this service and of named origins alone', async () => {
    const begin = async (to: string) =>
      (await browser().open(`/auth/discord/login?return=${encodeURIComponent(to)}`)).status;
    for (const to of ['/', '/a?b=c', `${publicUrl}/x`, `${friend}/world`])
      expect([to, await begin(to)]).toEqual([to, 302]);
    const others = [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      'https:evil.example',
    ];
    const tricks = [
      `${friend}.evil.example/`,
      `https://friend.example@evil.example/`,
      '/\t/evil.example',
      'http://[',
      '',
    ];
    for (const to of [...others, ...tricks]) expect([to, await begin(to)]).toEqual([to, 400]);
    expect((await browser().open('/auth/discord/login?guild=no-such-guild')).status).toBe(404);
    const visitor = browser();
    expect(await logIn(visitor, bench.ada, `?return=${friend}/world`)).toBe(`${friend}/world?login=done`);
  });
});

describe('a login that is not as it should be', () => {
  it('is refused when its state is wrong, missing, used already, or of another browser', async () => {
    const visitor = browser();
    const callback = new URL(bench.discord.logins.agree(await visitor.follow('/auth/discord/login'), bench.ada));
    const own = callback.searchParams.get('state')!;
    for (const state of ['x'.repeat(43), '', undefined]) {
      const thief = new URL(callback);
      if (state === undefined) thief.searchParams.delete('state');
      else thief.searchParams.set('state', state);
      const other = browser();
      await other.follow('/auth/discord/login');
      expect([state, (await other.open(thief.href)).status]).toEqual([state, 400]);
      expect([...other.cookies.keys()]).not.toContain('guildcast_session');
    }
    // Stolen: the browser that has it did not begin this login.
    const thief = browser();
    await thief.follow('/auth/discord/login');
    expect((await thief.open(callback.href)).status).toBe(400);
    expect(thief.cookies.has('guildcast_session')).toBe(false);
    // And is worth nothing any more to whom it was stolen from.
    expect((await visitor.open(callback.href)).status).toBe(400);
    expect(own).toMatch(/^[\w-]{43}$/);
    expect((await browser().open('/auth/discord/callback')).status).toBe(400);
    expect((await browser().open('/auth/discord/callback?state=a&state=b&code=c')).status).toBe(400);
  });

  it('is refused when the code was used already, or was given to another login', async () => {
    const [first, second] = [browser(), browser()];
    const callback = bench.discord.logins.agree(await first.follow('/auth/discord/login'), bench.ada);
    const kept = first.cookie;
    await first.follow(callback);
    expect((await first.open(callback)).status).toBe(400);
    const replay = await fetch(bench.app.url + new URL(callback).pathname + new URL(callback).search, {
      headers: { cookie: kept },
      redirect: 'manual',
    });
    expect(replay.status).toBe(400);
    // A code of somebody else, slipped under one's own state: its challenge was another one.
    const mine = new URL(bench.discord.logins.agree(await second.follow('/auth/discord/login'), bench.eve));
    const theirs = new URL(bench.discord.logins.agree(await browser().follow('/auth/discord/login'), bench.ada));
    mine.searchParams.set('code', theirs.searchParams.get('code')!);
    const answer = await second.open(mine.href);
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      400,
      'Discord does not confirm this login. Begin again.',
    ]);
    expect(second.cookies.has('guildcast_session')).toBe(false);
  });

  it('is over, and says so, while Discord is out of order', async () => {
    const visitor = browser();
    const callback = bench.discord.logins.agree(await visitor.follow('/auth/discord/login'), bench.ada);
    bench.discord.refuseNext({ method: 'POST', path: '/oauth2/token', status: 500 });
    const answer = await visitor.open(callback);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'service.unavailable']);
    expect(visitor.cookies.size).toBe(0);
  });
});

describe('a session', () => {
  it('ends with a logout, and those who came in by it are let out on every transport', async () => {
    const [visitor, stays] = [browser(), browser()];
    await logIn(visitor, bench.ada);
    await logIn(stays, bench.ada);
    const { cookie } = visitor;
    const inside = new Map<string, Visitor>();
    for (const name of Object.keys(staying)) inside.set(name, await bench.enter(name, { cookie }));
    const other = await bench.enter('sse', { cookie: stays.cookie });
    expect([...inside.values(), other].map(({ refused }) => refused)).toEqual(Array(5).fill(undefined));
    expect((await visitor.open('/auth/discord/logout', { method: 'POST' })).status).toBe(204);
    expect(visitor.cookies.size).toBe(0);
    for (const [name, one] of inside) {
      await vi.waitFor(() => expect([name, one.letOut()]).toEqual([name, 'login-ended']), { timeout });
    }
    expect(other.letOut()).toBeUndefined();
    for (const name of names) expect((await bench.enter(name, { cookie })).refused).toBe('guild.guarded');
    expect((await bench.enter('rest', { cookie: stays.cookie })).refused).toBeUndefined();
    expect((await browser().open('/auth/discord/logout', { method: 'POST' })).status).toBe(204);
  });

  it('is replaced by the next login of the same browser', async () => {
    const visitor = browser();
    await logIn(visitor, bench.ada);
    const { cookie } = visitor;
    await logIn(visitor, bench.ada);
    expect((await bench.enter('rest', { cookie })).refused).toBe('guild.guarded');
    expect((await bench.enter('rest', { cookie: visitor.cookie })).refused).toBeUndefined();
  });

  it('is not lent to pages of origins that nobody named', async () => {
    const visitor = browser();
    await logIn(visitor, bench.ada);
    const { cookie } = visitor;
    for (const origin of [friend, publicUrl, bench.app.url]) {
      expect([origin, await asRest({ cookie, origin })]).toEqual([origin, 200]);
    }
    for (const origin of ['https://evil.example', 'null']) {
      expect([origin, await asRest({ cookie, origin })]).toEqual([origin, 403]);
    }
    expect(await asRest({ cookie, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await asRest({ cookie, 'sec-fetch-site': 'none' })).toBe(200);
    expect(await asRest({ cookie, 'sec-fetch-site': 'same-origin' })).toBe(200);
    const logout = await visitor.open('/auth/discord/logout', {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect([logout.status, visitor.cookies.size]).toEqual([204, 1]);
    expect(await asRest({ cookie })).toBe(200);
    const read = await fetch(`${bench.app.url}/api/v1/guilds`, { headers: { origin: friend } });
    expect(read.headers.get('access-control-allow-credentials')).toBe('true');
  });

  it('opens nothing that is written: no admin, no publishing', async () => {
    const visitor = browser();
    await logIn(visitor, bench.ada);
    const { cookie } = visitor;
    const path = `/api/v1/admin/guilds/${bench.guild.id}/password`;
    expect((await fetch(bench.app.url + path, { method: 'DELETE', headers: { cookie } })).status).toBe(401);
    expect((await fetch(`${bench.app.url}/api/v1/notifications`, { method: 'POST', headers: { cookie } })).status).toBe(
      401,
    );
  });

  it('is over after its time, also for those inside', async () => {
    const short = await DiscordDoorBench.open({ SESSION_HOURS: String(4 / 3600) });
    try {
      const visitor = new Browser(short.app.url);
      const authorize = await visitor.follow('/auth/discord/login');
      await visitor.follow(short.discord.logins.agree(authorize, short.ada));
      const { cookie } = visitor;
      const inside = await short.enter('socket.io', { cookie });
      expect(inside.refused).toBeUndefined();
      await vi.waitFor(() => expect(inside.letOut()).toBe('login-ended'), { timeout });
      expect((await short.enter('rest', { cookie })).refused).toBe('guild.guarded');
    } finally {
      await short.close();
    }
  }, 60_000);
});

describe('where any page may read', () => {
  it('no page is lent a login', async () => {
    const open = await DiscordDoorBench.open();
    try {
      const visitor = new Browser(open.app.url);
      const authorize = await visitor.follow('/auth/discord/login');
      await visitor.follow(open.discord.logins.agree(authorize, open.ada));
      const { cookie } = visitor;
      expect((await open.enter('rest', { cookie })).refused).toBeUndefined();
      const asked = await fetch(`${open.app.url}/api/v1/guilds/${open.guild.id}`, {
        headers: { cookie, origin: friend },
      });
      expect(asked.status).toBe(403);
      expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    } finally {
      await open.close();
    }
  }, 60_000);

  it('behind TLS the cookies are bound to this host', async () => {
    const app = await startTestApp({
      DISCORD_CLIENT_ID: '90071992547409919',
      DISCORD_CLIENT_SECRET: 'a-secret',
      PUBLIC_URL: 'https://guilds.example.org',
    });
    try {
      const visitor = new Browser(app.url);
      await visitor.follow('/auth/discord/login');
      expect(visitor.setCookies[0]).toMatch(
        /^__Host-guildcast_login=[\w-]{43}; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
      );
    } finally {
      await app.close();
    }
  });
});
