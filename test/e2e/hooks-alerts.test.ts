import { createHmac } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { alertmanagerBody, githubBodies } from '../support/hook-bodies.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const address = (path: string) => `/api/v1/admin/routes${path}`;
const withKey = { Authorization: `Bearer ${testKeys.publish}` };
const asAdmin = { Authorization: `Bearer ${testKeys.admin}` };

describe('hooks over time', () => {
  let discord: FakeDiscord;
  let running: TestApp;
  let calls = 0;
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    const channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    running = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'mock',
      QUEUE_POLL_SECONDS: '1',
    });
    await admin('/ops', { target: { channelId } });
    await admin('/moving', { target: { channelId } });
  }, 60_000);
  afterAll(async () => {
    await running.close();
    await discord.stop();
  });

  const server = () => running.app.getHttpServer();

  async function admin(path: string, body: object): Promise<void> {
    const answer = await request(server()).put(address(path)).set(asAdmin).send(body);
    expect(answer.status).toBeLessThan(300);
  }

  const post = (path: string, headers: Record<string, string>, body: string) =>
    request(server())
      .post(`/api/v1/hooks/${path}`)
      .set({ 'Content-Type': 'application/json', ...headers })
      .send(body);

  async function view(id: string): Promise<Record<string, unknown>> {
    const answer = await request(server()).get(`/api/v1/notifications/${id}`).set(asAdmin).expect(200);
    return answer.body as Record<string, unknown>;
  }

  async function embedOf(answer: { body: unknown }): Promise<Record<string, unknown>> {
    const { id } = answer.body as { id: string };
    await vi.waitFor(async () => expect((await view(id)).state).toBe('delivered'), { timeout: 15_000 });
    const embeds = discord.sent.at(-1)?.embeds as Record<string, unknown>[] | undefined;
    return embeds![0]!;
  }

  it('tell in a message of its own what fires again', async () => {
    const tell = async (status: string) => {
      const body = JSON.stringify({ ...alertmanagerBody, status, groupKey: 'comes and goes' });
      const embed = await embedOf(await post('ops/alertmanager', withKey, body).expect(202));
      return embed.title;
    };
    const before = discord.sent.length;
    const titles = [await tell('firing'), await tell('resolved'), await tell('firing')];
    expect(titles).toEqual([
      '\\[FIRING:1\\] ProbeFailure',
      '\\[RESOLVED\\] ProbeFailure',
      '\\[FIRING:1\\] ProbeFailure',
    ]);
    expect(discord.sent).toHaveLength(before + 3);
    expect(discord.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(0);
  }, 30_000);

  it('cut what is longer than a payload may be', async () => {
    const alerts = Array.from({ length: 10 }, (_, n) => ({
      status: 'firing',
      labels: { alertname: `a${n}` },
      annotations: { description: `${n} ${'y'.repeat(20_000)}` },
    }));
    const told = await post('ops/alertmanager', withKey, JSON.stringify({ ...alertmanagerBody, alerts })).expect(202);
    const { fields } = (await embedOf(told)) as { fields: { name: string; value: string }[] };
    expect(fields.map(({ name }) => name)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', '…']);
    expect(fields[0]!.value).toMatch(/^0 y+…$/);
  }, 30_000);

  it('take the former secret as long as that is wanted', async () => {
    const body = JSON.stringify(githubBodies.star);
    const tells = async (secret: string) => {
      calls += 1;
      const headers = {
        'X-GitHub-Event': 'star',
        'X-GitHub-Delivery': `moving ${calls}`,
        'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      };
      return (await post('moving/github', headers, body)).status === 202;
    };
    const routes = () => request(server()).get(address('/moving')).set(asAdmin);
    await admin('/moving/hooks/github', { secret: 'the first secret of it' });
    await admin('/moving/hooks/github', { secret: 'the other secret of it' });
    expect([await tells('the first secret of it'), await tells('the other secret of it')]).toEqual([true, true]);
    const { hooks, formerHookSecrets: former } = (await routes().expect(200)).body as {
      hooks: string[];
      formerHookSecrets: { kind: string; until: string }[];
    };
    expect([hooks, former]).toEqual([['github'], [{ kind: 'github', until: expect.stringMatching(/Z$/) as string }]]);
    expect(Date.parse(former[0]!.until)).toBeGreaterThan(Date.now() + 86_000_000);
    await admin('/moving/hooks/github', { secret: 'the other secret of it', overlapSeconds: 0 });
    expect([await tells('the first secret of it'), await tells('the other secret of it')]).toEqual([false, true]);
    await admin('/moving/hooks/github', { secret: 'the third secret of it', overlapSeconds: 3_600 });
    await request(server()).delete(address('/moving/hooks/github')).set(asAdmin).expect(204);
    expect([await tells('the other secret of it'), await tells('the third secret of it')]).toEqual([false, false]);
    expect((await routes()).body).toMatchObject({ hooks: [], formerHookSecrets: [] });
  }, 30_000);

  it.each([-1, 0.5, 2_592_001, '60', null])('refuse an overlap of %j', async (overlapSeconds) => {
    await request(server())
      .put(address('/ops/hooks/github'))
      .set(asAdmin)
      .send({ secret: 'a secret of sixteen', overlapSeconds })
      .expect(400);
  });

  it.each(['constructor', '__proto__', 'Critical', 'nonsense'])('tell alerts of severity %s', async (severity) => {
    const labels = JSON.parse(`{"alertname":"x","severity":${JSON.stringify(severity)}}`) as object;
    const body = JSON.stringify({ ...alertmanagerBody, groupKey: severity, commonLabels: labels });
    const told = await post('ops/alertmanager', withKey, body).expect(202);
    await embedOf(told);
    const { priority } = await view((told.body as { id: string }).id);
    expect(priority).toBe(severity === 'Critical' ? 'critical' : 'normal');
  });
});
