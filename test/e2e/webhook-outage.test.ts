import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { createTestDatabase } from '../support/test-database.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const keys = { admin: 'admin-key-of-this-test', publish: 'publish-key-of-this-test' };
const deadline = { timeout: 30_000, interval: 50 };

describe('an outage of Discord', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let receiver: WebhookReceiver;
  let guildcast: GuildcastProcess;
  let channels: string[];

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    const guild = discord.addGuild({ name: 'Town' });
    channels = Array.from({ length: 6 }, (_, n) => guild.addChannel({ name: `channel-${n}` }).id);
    database = await createTestDatabase();
    receiver = await WebhookReceiver.start();
    guildcast = await startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        API_KEYS: `admin=${keys.admin},publish=${keys.publish}`,
        QUEUE_POLL_SECONDS: '3600',
        QUEUE_RETRY_SCHEDULE: '1',
        WEBHOOK_ALLOW_HTTP: 'on',
        WEBHOOK_ALLOW_NETWORKS: '127.0.0.1',
      },
    });
  }, 90_000);
  afterAll(async () => {
    await guildcast?.stop();
    await receiver.close();
    await database.drop();
    await discord.stop();
  });

  async function ask(path: string, key: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${guildcast.url}/api/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(answer.ok, await answer.clone().text()).toBe(true);
    return (await answer.json()) as Record<string, unknown>;
  }
  const publish = async (target: object, text: string) =>
    (await ask('notifications', keys.publish, { target, message: { content: text } })).id as string;
  const until = (id: string, wanted: object) =>
    vi.waitFor(async () => expect(await ask(`notifications/${id}`, keys.admin)).toMatchObject(wanted), deadline);

  it('keeps nothing from endpoints, and everything for Discord until it is back', { timeout: 120_000 }, async () => {
    await discord.goDown();
    const waiting: string[] = [];
    for (const channelId of channels) waiting.push(await publish({ channelId }, 'waits'));
    await until(waiting[0]!, { state: 'pending', attempts: [{ outcome: 'postponed' }] });
    const { id: endpoint } = await ask('admin/webhook-endpoints', keys.admin, { url: receiver.url() });
    for (let n = 0; n < 5; n += 1) {
      await until(await publish({ endpoint }, `goes ${n}`), { state: 'delivered', attempts: [{ outcome: 'sent' }] });
    }
    expect(receiver.calls).toHaveLength(5);
    for (const id of waiting) await until(id, { state: 'pending' });
    await discord.comeBack();
    for (const id of waiting) await until(id, { state: 'delivered' });
    expect(discord.sent.map(({ content }) => content)).toEqual(channels.map(() => 'waits'));
    expect(receiver.calls).toHaveLength(5);
  });
});
