import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { githubBodies } from '../support/hook-bodies.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';

const secrets = {
  admin: 'canary-admin-key-of-hooks',
  publish: 'canary-publish-key-of-hooks',
  former: 'canary-former-secret-of-github',
  github: 'canary-secret-of-github',
  wrong: 'canary-secret-that-was-tried',
};

/** Everything that the program prints about routes and hooks at its most talkative. */
describe('the secrets of routes and hooks', () => {
  let discord: FakeDiscord;
  let guildcast: GuildcastProcess;
  let webhook: { id: string; token: string };
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    const channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    webhook = discord.webhooks.add(channelId, 'Herald');
    guildcast = await startGuildcast({
      env: {
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        DATA_PROVIDERS: 'mock',
        API_KEYS: `admin=${secrets.admin},publish=${secrets.publish}`,
        LOG_LEVEL: 'trace',
        QUEUE_POLL_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1',
      },
    });
  }, 90_000);
  afterAll(async () => {
    await guildcast?.stop();
    await discord.stop();
  });

  async function call(method: string, path: string, headers: Record<string, string>, body?: string) {
    const answer = await fetch(`${guildcast.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: answer.status, text: await answer.text() };
  }

  it('are in no answer and no line of the log, whether all goes well or not', async () => {
    const answers: { status: number; text: string }[] = [];
    const asAdmin = { authorization: `Bearer ${secrets.admin}` };
    const asPublisher = { authorization: `Bearer ${secrets.publish}` };
    const url = `${discord.apiUrl}/webhooks/${webhook.id}/${webhook.token}`;
    const admin = (method: string, path: string, body?: object) =>
      call(method, `/admin/routes${path}`, asAdmin, body && JSON.stringify(body));
    answers.push(await admin('PUT', '/herald', { target: { webhookUrl: url }, fallback: { webhookUrl: url } }));
    answers.push(await admin('PUT', '/herald/hooks/github', { secret: secrets.former }));
    answers.push(await admin('PUT', '/herald/hooks/github', { secret: secrets.github }));
    answers.push(
      await admin('PUT', '/herald/hooks/github', { secret: secrets.github, overlapSeconds: secrets.former }),
    );
    answers.push(await admin('PUT', '/herald/hooks/gitlab', { secret: secrets.github }));
    answers.push(await admin('PUT', '/broken', { target: { webhookUrl: `${url}/../x` }, hooks: secrets.github }));
    answers.push(await admin('GET', '/herald'), await admin('GET', ''));
    const body = JSON.stringify(githubBodies.release);
    const hook = (secret: string) =>
      call(
        'POST',
        '/hooks/herald/github',
        {
          'x-github-event': 'release',
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        },
        body,
      );
    answers.push(await hook(secrets.github), await hook(secrets.wrong));
    answers.push(await call('POST', '/hooks/herald/github', { authorization: `Bearer ${secrets.wrong}` }, body));
    answers.push(await call('POST', '/notify/herald', asPublisher, '{"message":"by the herald"}'));
    expect(answers.map(({ status }) => status)).toEqual([201, 204, 204, 400, 404, 400, 200, 200, 202, 401, 401, 202]);
    await vi.waitFor(() => expect(discord.sent).toHaveLength(2), { timeout: 15_000 });

    discord.webhooks.remove(webhook.id);
    const { text } = await call('POST', '/notify/herald', asPublisher, '{"message":"into nothing"}');
    const { id } = JSON.parse(text) as { id: string };
    await vi.waitFor(
      async () => {
        const status = await call('GET', `/notifications/${id}`, asPublisher);
        answers.push(status);
        expect(status.text).toContain('"state":"dead"');
      },
      { timeout: 30_000, interval: 200 },
    );
    answers.push(await admin('POST', '/herald/pause'), await admin('DELETE', '/herald'));
    expect(guildcast.output()).toContain('/api/v1/hooks/herald/github 202');
    const seen = JSON.stringify(answers) + guildcast.output();
    for (const secret of [...Object.values(secrets), webhook.token]) expect(seen).not.toContain(secret);
  }, 60_000);
});
