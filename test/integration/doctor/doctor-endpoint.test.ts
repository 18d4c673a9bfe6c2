import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DiscordStatus } from '../../../src/discord/discord-status.js';
import { type Diagnosis } from '../../../src/doctor/finding.js';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { startTestApp, testKeys, type TestApp } from '../../support/test-app.js';
import { deadline } from '../discord/discord-app.js';
import { settings, token, town } from '../discord/discord-town.js';

const path = '/api/v1/admin/doctor';

let discord: FakeDiscord;
let place: ReturnType<typeof town>;
let running: TestApp;

beforeAll(async () => {
  discord = await FakeDiscord.start({ token, intents: { presences: false } });
  place = town(discord);
  running = await startTestApp(
    settings(discord, { GUILDS: place.guild.id, DATA_PROVIDERS: 'discord-gateway,store,mine', PROVIDER_PLUGINS: 'x' }),
    {
      plugins: [
        {
          name: 'mine',
          live: false,
          listGuilds: () => Promise.reject(new Error(`no answer with ${token}`)),
          loadGuild: () => Promise.resolve(undefined),
        },
      ],
    },
  );
  const status = running.app.get(DiscordStatus, { strict: false });
  await vi.waitFor(() => expect(status.current().state).toBe('ready'), { timeout: deadline });
});
afterAll(async () => {
  await running.close();
  await discord.stop();
});

function ask(headers: Record<string, string> = {}): request.Test {
  return request(running.url)
    .get(path)
    .set({ authorization: `Bearer ${testKeys.admin}`, ...headers });
}

async function findings(check: string, headers: Record<string, string> = {}): Promise<Diagnosis['findings']> {
  const { body } = (await ask(headers).expect(200)) as { body: Diagnosis };
  return body.findings.filter((finding) => finding.check === check);
}

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

describe('GET /api/v1/admin/doctor', () => {
  it('is for admins alone', async () => {
    expect((await request(running.url).get(path)).status).toBe(401);
    for (const key of [testKeys.read, testKeys.publish, testKeys.consume, testKeys.metrics]) {
      const answer = await request(running.url).get(path).set('Authorization', `Bearer ${key}`);
      expect(answer.status).toBe(403);
    }
  });

  it('tells how the running program stands, and holds no secret', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('private, no-store');
    const { ok, findings: all } = answer.body as Diagnosis;
    expect(ok).toBe(false);
    const states = Object.fromEntries(all.map(({ check, state }) => [check, state]));
    expect(states).toMatchObject({ settings: 'ok', node: 'ok', database: 'ok', clock: 'ok', discord: 'ok' });
    expect(states).toMatchObject({ session: 'ok', intents: 'warn', guilds: 'ok', channels: 'ok' });
    expect(all.filter(({ check }) => check === 'sources')).toMatchObject([
      { state: 'ok', sentence: matching(/^The source discord-gateway answered in \d+ ms and knows one guild\.$/) },
      { state: 'ok', sentence: matching(/^The source store answered in \d+ ms and knows 0 guilds\.$/) },
      { state: 'fail', sentence: 'The source mine gives no answer: no answer with [secret].' },
    ]);
    for (const secret of [token, ...Object.values(testKeys)]) expect(answer.text).not.toContain(secret);
  });

  it('asks Discord once for many who ask, beside the session and without ending it', async () => {
    const asked = () => discord.requests.filter(({ path: at }) => at === '/applications/@me').length;
    const before = asked();
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(asked() - before).toBeLessThanOrEqual(1);
    expect(discord.sessions).toHaveLength(1);
  });

  it('sees by what way it was asked', async () => {
    expect(await findings('proxy')).toMatchObject([{ state: 'ok' }]);
    for (const header of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded']) {
      expect(await findings('proxy', { [header]: '198.51.100.4' })).toMatchObject([
        { state: 'warn', sentence: matching(/a proxy at 127\.0\.0\.1 that TRUST_PROXY does not name/) },
      ]);
    }
  });

  it('tells what has become of Discord and its session', async () => {
    await discord.goDown();
    try {
      await vi.waitFor(
        async () => {
          expect(await findings('session')).toMatchObject([
            { state: 'warn', sentence: matching(/lost|cannot be reached/) },
          ]);
          expect(await findings('discord')).toMatchObject([{ state: 'fail', sentence: matching(/cannot be reached/) }]);
        },
        { timeout: 30_000, interval: 500 },
      );
    } finally {
      await discord.comeBack();
    }
  }, 60_000);

  it('asks Discord again after some seconds alone', async () => {
    const asked = () => discord.requests.filter(({ path: at }) => at === '/applications/@me').length;
    // Far enough from what was asked before; for the rest of this test time stands still.
    let now = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      const before = asked();
      await ask();
      await ask();
      expect(asked()).toBe(before + 1);
      now += 5_001;
      await ask();
      expect(asked()).toBe(before + 2);
    } finally {
      clock.mockRestore();
    }
  });

  it('is described in the OpenAPI document', async () => {
    const { body } = (await request(running.url).get('/openapi.json')) as { body: { paths: Record<string, object> } };
    expect(body.paths[path]).toHaveProperty('get.responses.200');
  });
});
