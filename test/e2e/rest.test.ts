import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guildSnapshot } from '../../src/domain/guild-snapshot.js';
import { listedGuild } from '../../src/domain/guild.js';
import { memberOf, presenceOf } from '../support/events.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const repos = '987654321098765432';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const get = (path: string) => request(app.app.getHttpServer()).get(path);
/** Supertest's answers are of any type: here they are looked at before they are believed. */
async function read(test: request.Test): Promise<{ body: unknown; headers: Record<string, string | undefined> }> {
  const answer = await test;
  return { body: answer.body as unknown, headers: answer.headers };
}

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

describe('guilds over REST', () => {
  it('lists all, of a guarded one nothing but its name', async () => {
    const { body } = await read(get('/api/v1/guilds').expect(200));
    const guilds = listedGuild.array().parse((body as { guilds: unknown }).guilds);
    expect(guilds.map(({ alias, memberCount }) => [alias, memberCount])).toEqual([
      ['oauth', null],
      ['dworld', 4],
      ['docs', 1],
      ['repos', 21],
    ]);
    expect(guilds[0]).toMatchObject({ door: 'discord', onlineCount: null, iconUrl: null });
    expect(guilds.filter((guild) => guild.default).map(({ alias }) => alias)).toEqual(['dworld']);
  });

  it('shows the counts of a guarded guild to a key of scope read', async () => {
    const { body, headers } = await read(get('/api/v1/guilds').set(bearer(testKeys.read)).expect(200));
    expect((body as { guilds: unknown[] }).guilds[0]).toMatchObject({ alias: 'oauth', memberCount: 1 });
    expect(headers['cache-control']).toBe('private, no-store');
  });

  it.each(['repos', 'REPOS', repos])('answers the snapshot of %s in its promised shape', async (name) => {
    const { body } = await read(get(`/api/v1/guilds/${name}`).expect(200));
    const snapshot = guildSnapshot.parse(body);
    expect(snapshot.members).toHaveLength(21);
    expect(snapshot).toMatchObject({ source: 'mock', stale: false, partial: [], guild: { id: repos } });
  });

  it('answers 304 to a known entity tag until an event changes the guild', async () => {
    const first = await get('/api/v1/guilds/docs').expect(200);
    expect(first.headers.etag).toMatch(/^"/);
    const tag = { 'If-None-Match': String(first.headers.etag) };
    await get('/api/v1/guilds/docs').set(tag).expect(304);
    const member = memberOf('223456789012345001', { displayName: 'nntin.xyz/me' });
    await app.log.append(presenceOf('482241773318701056', member, 'dnd'));
    const changed = await get('/api/v1/guilds/docs').set(tag).expect(200);
    expect(changed.headers.etag).not.toBe(first.headers.etag);
    expect((changed.body as { members: unknown[] }).members[0]).toMatchObject({ status: 'dnd' });
  });

  it('walks through the members in pages, each once', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const query: string = `limit=8${cursor ? `&cursor=${cursor}` : ''}`;
      const { body } = await read(get(`/api/v1/guilds/repos/members?${query}`).expect(200));
      const page = body as { members: { id: string }[]; nextCursor: string | null; total: number };
      expect(page.total).toBe(21);
      seen.push(...page.members.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(21);
    expect(new Set(seen).size).toBe(21);
    expect(seen).toEqual([...seen].sort());
  });

  it.each([
    ['/api/v1/guilds/nowhere', 404, 'guild.not_found'],
    ['/api/v1/guilds/999999999999999999', 404, 'guild.not_found'],
    ['/api/v1/guilds/%00', 404, 'guild.not_found'],
    ['/api/v1/guilds/%', 400, 'request.invalid'],
    ['/api/v1/guilds/oauth', 403, 'guild.guarded'],
    ['/api/v1/guilds/oauth/members', 403, 'guild.guarded'],
    ['/api/v1/guilds/oauth/events', 403, 'guild.guarded'],
    ['/api/v1/guilds/repos/members?limit=0', 400, 'request.invalid'],
    ['/api/v1/guilds/repos/members?limit=many', 400, 'request.invalid'],
    ['/api/v1/guilds/repos/members?cursor=x', 400, 'request.invalid'],
    ['/api/v1/nothing', 404, 'resource.not_found'],
  ])('refuses %s with %i as a problem', async (path, status, code) => {
    const { body, headers } = await read(get(path).expect(status));
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({ status, code });
    expect((body as { title: unknown }).title).toBeTypeOf('string');
  });

  it('lets a key of scope read, and no other, into a guarded guild, and lets no cache keep it', async () => {
    const { body, headers } = await read(get('/api/v1/guilds/oauth').set(bearer(testKeys.read)).expect(200));
    expect(guildSnapshot.parse(body).guild.alias).toBe('oauth');
    expect(headers['cache-control']).toBe('private, no-store');
    for (const path of ['/members', '/events']) {
      const answer = await read(get(`/api/v1/guilds/oauth${path}`).set(bearer(testKeys.read)).expect(200));
      expect(answer.headers['cache-control']).toBe('private, no-store');
    }
    await get('/api/v1/guilds/oauth').set(bearer(testKeys.publish)).expect(403);
    await get('/api/v1/guilds/oauth').expect(403);
  });

  it('says how much of the rate limit is left', async () => {
    const { headers } = await read(get('/api/v1/guilds').expect(200));
    expect(Number(headers['ratelimit-limit'])).toBe(600);
    expect(Number(headers['ratelimit-remaining'])).toBeLessThan(600);
  });
});

describe('operation over REST', () => {
  it('lives, is ready, and names its version', async () => {
    expect((await get('/healthz').expect(200)).body).toEqual({ status: 'ok' });
    expect((await get('/readyz').expect(200)).body).toMatchObject({
      status: 'ready',
      checks: { database: { state: 'ok' } },
    });
    expect((await get('/api/version').expect(200)).body).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    });
  });

  it('describes every route in the OpenAPI document', async () => {
    const { body } = await read(get('/openapi.json').expect(200));
    const { paths } = body as { paths: Record<string, unknown> };
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/guilds',
        '/api/v1/guilds/{guild}',
        '/api/v1/guilds/{guild}/members',
        '/api/v1/guilds/{guild}/events',
        '/api/v1/notifications',
        '/api/v1/notifications/{id}',
        '/healthz',
        '/readyz',
        '/api/version',
      ]),
    );
    await get('/docs').expect(200).expect('content-type', /html/);
  });

  it('sends the headers that keep browsers safe', async () => {
    const { headers } = await read(get('/healthz'));
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers).not.toHaveProperty('x-powered-by');
  });
});

describe('notifications without the right key', () => {
  const publish = () => request(app.app.getHttpServer()).post('/api/v1/notifications').send({ any: 'thing' });
  it.each([
    ['no key', undefined, 401, 'access.key_required'],
    ['an unknown key', 'not-a-key-of-this-house', 401, 'access.key_unknown'],
    ['a key for reading', testKeys.read, 403, 'access.scope_missing'],
    ['a key for consuming', testKeys.consume, 403, 'access.scope_missing'],
    ['the right key but a wrong body', testKeys.publish, 400, 'request.invalid'],
    ['the admin key but a wrong body', testKeys.admin, 400, 'request.invalid'],
  ])('answers %s with %s', async (_name, key, status, code) => {
    const { body } = await read(
      publish()
        .set(key === undefined ? {} : bearer(key))
        .expect(status),
    );
    expect(body).toMatchObject({ code });
  });
});
