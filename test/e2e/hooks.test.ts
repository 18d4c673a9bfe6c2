import { createHmac } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { alertmanagerBody, githubBodies, grafanaBody, uptimeKumaBodies } from '../support/hook-bodies.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const secrets = { github: 'canary-secret-of-github', grafana: 'canary-secret-of-grafana' };
const delivery = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

describe('hooks', () => {
  let discord: FakeDiscord;
  let running: TestApp;
  let channelId: string;
  let calls = 0;
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    running = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'mock',
      QUEUE_POLL_SECONDS: '1',
      // Each test calls from an address of its own.
      TRUST_PROXY: 'true',
    });
    await admin('put', '/ops', { target: { channelId } });
    await admin('put', '/ops/hooks/github', { secret: secrets.github });
    await admin('put', '/ops/hooks/grafana', { secret: secrets.grafana });
    await admin('put', '/bare', { target: { channelId } });
    await admin('put', '/waiting', { target: { channelId }, priority: 'low' });
    await admin('put', '/waiting/hooks/github', { secret: secrets.github });
    await admin('post', '/waiting/pause', {});
  }, 60_000);
  afterAll(async () => {
    await running.close();
    await discord.stop();
  });

  const server = () => running.app.getHttpServer();

  const address = (path: string) => `/api/v1/admin/routes${path}`;

  async function admin(method: 'put' | 'post', path: string, body: object): Promise<void> {
    const sending = method === 'put' ? request(server()).put(address(path)) : request(server()).post(address(path));
    const answer = await sending.set('Authorization', `Bearer ${testKeys.admin}`).send(body);
    expect(answer.status).toBeLessThan(300);
  }

  function post(path: string, headers: Record<string, string>, body: string | Buffer = '{}') {
    calls += 1;
    return request(server())
      .post(`/api/v1/hooks/${path}`)
      .set({
        'Content-Type': 'application/json',
        'X-Forwarded-For': `10.1.${calls >> 8}.${calls & 255}`,
        ...headers,
      })
      .serialize((text: unknown) => text as string)
      .send(body as string);
  }

  const asGithub = (body: string, event: string, more: Record<string, string> = {}, secret = secrets.github) => ({
    'X-GitHub-Event': event,
    'X-GitHub-Delivery': delivery,
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    ...more,
  });
  const withKey = { Authorization: `Bearer ${testKeys.publish}` };

  async function view(id: string): Promise<Record<string, unknown>> {
    const path = `/api/v1/notifications/${id}`;
    const answer = await request(server()).get(path).set('Authorization', `Bearer ${testKeys.admin}`).expect(200);
    return answer.body as Record<string, unknown>;
  }

  async function embedOf(answer: { body: unknown }): Promise<Record<string, unknown>> {
    const { id } = answer.body as { id: string };
    await vi.waitFor(async () => expect((await view(id)).state).toBe('delivered'), { timeout: 15_000 });
    const embeds = discord.sent.at(-1)?.embeds as Record<string, unknown>[] | undefined;
    return embeds![0]!;
  }

  const ids = async () => {
    const rows = await request(server()).get('/discord/stats').auth('any', testKeys.consume);
    return (rows.body as { stats: { total: number } }).stats.total;
  };

  it('tell what GitHub signed, once for each of its deliveries', async () => {
    const body = JSON.stringify(githubBodies.push);
    const first = await post('ops/github', asGithub(body, 'push'), body).expect(202);
    expect(await embedOf(first)).toMatchObject({
      title: 'Codertocat/Hello-World: 2 commits on main',
      footer: { text: 'github • push' },
    });
    const again = await post('ops/github', asGithub(body, 'push'), body).expect(202);
    expect((again.body as { id: string }).id).toBe((first.body as { id: string }).id);
    expect(again.headers.location).toBe(first.headers.location);
    const other = await post('ops/github', asGithub(body, 'push', { 'X-GitHub-Delivery': 'another' }), body).expect(
      202,
    );
    expect((other.body as { id: string }).id).not.toBe((first.body as { id: string }).id);
  }, 30_000);

  it('read what GitHub sends as a form', async () => {
    const body = new URLSearchParams({ payload: JSON.stringify(githubBodies.issues) }).toString();
    const headers = asGithub(body, 'issues', {
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-GitHub-Delivery': 'a form',
    });
    const answer = await post('ops/github', headers, body).expect(202);
    expect(await embedOf(answer)).toMatchObject({ title: 'Codertocat/Hello-World: issue #1 opened' });
  }, 30_000);

  it('answer a ping and tell nothing of it', async () => {
    const body = JSON.stringify(githubBodies.ping);
    const answer = await post('ops/github', asGithub(body, 'ping'), body).expect(200);
    expect(answer.body).toEqual({ status: 'ignored' });
  });

  it.each<[string, string, (body: string) => Record<string, string>]>([
    ['another secret', 'ops', (body) => asGithub(body, 'push', {}, 'another-secret-of-16')],
    ['the secret of another kind', 'ops', (body) => asGithub(body, 'push', {}, secrets.grafana)],
    ['another body', 'ops', (body) => asGithub(`${body} `, 'push')],
    ['a route without a secret', 'bare', (body) => asGithub(body, 'push')],
    ['a route that is not there', 'nobody', (body) => asGithub(body, 'push')],
    ['a route that cannot be there', '%00', (body) => asGithub(body, 'push')],
    ['a signature that is none', 'ops', (body) => asGithub(body, 'push', { 'X-Hub-Signature-256': 'sha256=00' })],
  ])('refuse a signature of %s, all alike', async (_name, route, headersOf) => {
    const body = JSON.stringify(githubBodies.push);
    const answer = await post(`${route}/github`, headersOf(body), body).expect(401);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      code: 'access.signature_wrong',
      detail: 'This is not signed with the secret of the route.',
    });
  });

  it('refuse who has neither a key nor a signature, before a body is read', async () => {
    for (const kind of ['github', 'grafana', 'alertmanager', 'uptime-kuma']) {
      const answer = await post(`ops/${kind}`, {}, 'x'.repeat(2_000_000)).expect(401);
      expect(answer.body).toMatchObject({ code: 'access.key_required' });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    await post('ops/github?key=' + testKeys.publish, {}).expect(401);
    await post('ops/alertmanager', { 'X-Hub-Signature-256': 'sha256=00' }).expect(401);
  });

  it('take a key in place of a signature, and no key of another scope', async () => {
    const body = JSON.stringify(githubBodies.star);
    const headers = { 'X-GitHub-Event': 'star', 'X-GitHub-Delivery': 'by key' };
    const answer = await post('bare/github', { ...headers, ...withKey }, body).expect(202);
    expect(await embedOf(answer)).toMatchObject({ title: 'Codertocat/Hello-World: star created' });
    const other = { ...asGithub(body, 'star'), Authorization: `Bearer ${testKeys.consume}` };
    expect((await post('ops/github', other, body).expect(403)).body).toMatchObject({ code: 'access.scope_missing' });
    await post('ops/github', { ...asGithub(body, 'star'), Authorization: 'Bearer unknown-key-of-16' }, body).expect(
      401,
    );
  }, 30_000);

  it('let an address that signs wrongly wait, also with a right signature', async () => {
    const body = JSON.stringify(githubBodies.push);
    const from = { 'X-Forwarded-For': '10.9.9.9' };
    for (let count = 0; count < 10; count += 1) {
      await post('ops/github', { ...asGithub(body, 'push', from, 'another-secret-of-16') }, body).expect(401);
    }
    const refused = await post('ops/github', asGithub(body, 'push', from), body).expect(429);
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    await post('ops/github', asGithub(body, 'push'), body).expect(202);
  });

  it('tell the alerts of Alertmanager with a key by Basic, and the end of them in their place', async () => {
    const firing = JSON.stringify(alertmanagerBody);
    const resolved = JSON.stringify({ ...alertmanagerBody, status: 'resolved' });
    const basic = { Authorization: `Basic ${Buffer.from(`alertmanager:${testKeys.publish}`).toString('base64')}` };
    const told = await post('ops/alertmanager', basic, firing).expect(202);
    expect(await embedOf(told)).toMatchObject({ title: '\\[FIRING:1\\] ProbeFailure', color: 0xff0000 });
    expect(await view((told.body as { id: string }).id)).toMatchObject({ priority: 'critical', type: 'alertmanager' });
    const first = (await post('waiting/alertmanager', basic, firing).expect(202)).body as { id: string };
    const second = (await post('waiting/alertmanager', basic, resolved).expect(202)).body as { id: string };
    expect(await view(first.id)).toMatchObject({ state: 'superseded', supersededBy: second.id, priority: 'low' });
    const elsewhere = (await post('bare/alertmanager', basic, resolved).expect(202)).body as { id: string };
    expect(await view(second.id)).toMatchObject({ state: 'pending', heldBy: 'paused' });
    expect((await view(elsewhere.id)).collapseKey).not.toBe((await view(second.id)).collapseKey);
  }, 30_000);

  it('tell what Grafana signed with its time, once', async () => {
    const body = JSON.stringify(grafanaBody);
    const time = String(Math.floor(Date.now() / 1000));
    const headers = (at: string, secret = secrets.grafana) => ({
      'X-Grafana-Alerting-Signature': createHmac('sha256', secret).update(`${at}:${body}`).digest('hex'),
      'X-Grafana-Alerting-Timestamp': at,
    });
    const first = await post('ops/grafana', headers(time), body).expect(202);
    expect(await embedOf(first)).toMatchObject({ title: '\\[FIRING:2\\]  (blue)', footer: { text: 'grafana' } });
    const again = await post('ops/grafana', headers(time), body).expect(202);
    expect((again.body as { id: string }).id).toBe((first.body as { id: string }).id);
    await post('ops/grafana', headers(String(Number(time) - 1_000)), body).expect(401);
    await post('ops/grafana', headers(time, secrets.github), body).expect(401);
  }, 30_000);

  it('tell what Uptime Kuma sends, its test too', async () => {
    const down = await post('ops/uptime-kuma', withKey, JSON.stringify(uptimeKumaBodies.down)).expect(202);
    expect(await embedOf(down)).toMatchObject({ title: 'Website is down', color: 0xff0000 });
    const test = await post('ops/uptime-kuma', withKey, JSON.stringify(uptimeKumaBodies.test)).expect(202);
    expect(await embedOf(test)).toMatchObject({ description: 'Guildcast Testing' });
  }, 30_000);

  it('wait while their route is paused', async () => {
    const body = JSON.stringify(githubBodies.release);
    const answer = await post('waiting/github', asGithub(body, 'release'), body).expect(202);
    expect(await view((answer.body as { id: string }).id)).toMatchObject({ state: 'pending', heldBy: 'paused' });
  });

  it('name what there is when a kind or a route is not there', async () => {
    const kind = await post('ops/gitlab', withKey).expect(404);
    expect((kind.body as { detail: string }).detail).toContain('github, grafana, uptime-kuma, alertmanager');
    const route = await post('nobody/alertmanager', withKey, JSON.stringify(alertmanagerBody)).expect(404);
    expect(route.body).toMatchObject({ code: 'resource.not_found', detail: 'There is no such route.' });
    await post('%00/alertmanager', withKey, JSON.stringify(alertmanagerBody)).expect(404);
    await request(server()).get('/api/v1/hooks/ops/github').set(withKey).expect(404);
  });

  const deep = 200_000;
  it.each<[string, number, string | Buffer]>([
    ['nothing', 400, ''],
    ['half a JSON', 400, '{"status":'],
    ['a list', 400, '[]'],
    ['a number', 400, '7'],
    ['null', 400, 'null'],
    ['bytes that are no UTF-8', 400, Buffer.from([0x7b, 0xff, 0x7d])],
    ['a body that is nested without end', 400, '['.repeat(deep) + ']'.repeat(deep)],
    ['objects that are nested without end', 400, '{"alerts":'.repeat(deep / 4) + '1' + '}'.repeat(deep / 4)],
    [
      'labels that are nested without end',
      400,
      JSON.stringify({ ...alertmanagerBody, commonLabels: 0 }).replace(
        '"commonLabels":0',
        `"commonLabels":${'{"a":'.repeat(deep / 4)}1${'}'.repeat(deep / 4)}`,
      ),
    ],
    ['a prototype', 400, '{"__proto__":{"version":"4"},"constructor":{"prototype":{}}}'],
    ['more than a body may have', 413, `{"a":"${'x'.repeat(1_048_576)}"}`],
  ])('refuse %s, and know why', async (_name, status, body) => {
    for (const kind of ['alertmanager', 'grafana', 'uptime-kuma', 'github']) {
      const answer = await post(`ops/${kind}`, { ...withKey, 'X-GitHub-Event': 'push' }, body);
      expect({ kind, status: answer.status }).toEqual({ kind, status });
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
  });

  it('take characters that a database does not', async () => {
    const nasty = 'a\u0000b\ud800c';
    const alert = { status: 'firing', labels: { alertname: nasty, nasty }, annotations: { summary: nasty } };
    const body = {
      ...alertmanagerBody,
      groupKey: nasty,
      receiver: nasty,
      alerts: [alert],
      commonLabels: { severity: nasty },
    };
    const told = await post('ops/alertmanager', withKey, JSON.stringify(body)).expect(202);
    expect(await embedOf(told)).toBeDefined();
    const headers = { ...withKey, 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'x'.repeat(2_000) };
    await post('ops/github', headers, JSON.stringify({ ...githubBodies.push, ref: nasty })).expect(202);
  }, 30_000);

  it('count against the limit of publishing, and have no secret in what they answer', async () => {
    const body = JSON.stringify(githubBodies.push);
    const answer = await post('ops/github', asGithub(body, 'push'), body).expect(202);
    expect(answer.headers['ratelimit-limit']).toBe('600');
    for (const secret of Object.values(secrets))
      expect(JSON.stringify([answer.headers, answer.body])).not.toContain(secret);
    expect(await ids()).toBeGreaterThanOrEqual(0);
  });
});
