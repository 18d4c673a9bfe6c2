import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { createTestDatabase } from '../support/test-database.js';

const key = 'publish-key-for-tests';
const run = promisify(execFile);

/** The way of a notification into a channel and by a webhook, over crashes of the program, on one database. */
describe('a notification into a channel, and one by webhook', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess;
  let channelId: string;
  let webhook: { id: string; token: string; url: string };
  let printed = '';

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    const added = discord.webhooks.add(channelId, 'Herald');
    webhook = { ...added, url: `${discord.apiUrl}/webhooks/${added.id}/${added.token}` };
    guildcast = await start();
  }, 90_000);
  afterAll(async () => {
    await guildcast?.stop();
    await discord.stop();
    await database.drop();
  });

  function start(): Promise<GuildcastProcess> {
    return startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        DATA_PROVIDERS: 'mock',
        API_KEYS: `publish=${key}`,
        LOG_LEVEL: 'trace',
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1,1,1',
        QUEUE_POLL_SECONDS: '1',
      },
    });
  }

  async function crash(): Promise<void> {
    await guildcast.kill();
    printed += guildcast.output();
    guildcast = await start();
  }

  async function publish(target: object, text: string): Promise<string> {
    const body = JSON.stringify({ target, type: 'backup_error', payload: { error_message: text } });
    const { stdout } = await run('curl', [
      ...['-s', '-X', 'POST', `${guildcast.url}/api/v1/notifications`, '--max-time', '15'],
      ...['-H', `Authorization: Bearer ${key}`, '-H', 'Content-Type: application/json', '-d', body],
    ]);
    const answer = JSON.parse(stdout) as { id: string; state: string };
    expect(answer.state).toBe('pending');
    return answer.id;
  }

  const untilState = (id: string, state: string) =>
    vi.waitFor(
      async () => {
        const address = `${guildcast.url}/api/v1/notifications/${id}`;
        const answer = await fetch(address, { headers: { authorization: `Bearer ${key}` } });
        const body = (await answer.json()) as Record<string, unknown>;
        expect(body.state).toBe(state);
        return body;
      },
      { timeout: 30_000, interval: 50 },
    );

  const sent = (text: string) => discord.sent.filter(({ embeds }) => JSON.stringify(embeds).includes(text));

  it('arrives once', async () => {
    const ids = [await publish({ channelId }, 'by the bot'), await publish({ webhookUrl: webhook.url }, 'by webhook')];
    for (const id of ids) await untilState(id, 'delivered');
    expect(sent('by the bot')).toMatchObject([{ channelId, enforceNonce: true }]);
    expect(sent('by webhook')).toMatchObject([{ channelId, webhookId: webhook.id }]);
  }, 60_000);

  it('arrives once when the program is killed while Discord is out', async () => {
    await discord.goDown();
    const ids = [
      await publish({ channelId }, 'bot over a crash'),
      await publish({ webhookUrl: webhook.url }, 'webhook over a crash'),
    ];
    await crash();
    await discord.comeBack();
    for (const id of ids) await untilState(id, 'delivered');
    expect(sent('bot over a crash')).toHaveLength(1);
    expect(sent('webhook over a crash')).toHaveLength(1);
  }, 90_000);

  it('arrives once, or is not known to have arrived, when the program is killed amid the sending', async () => {
    discord.leaveNextUnanswered({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    discord.leaveNextUnanswered({ method: 'POST', path: /^\/webhooks\/\d+\/[^/]+$/ });
    const byBot = await publish({ channelId }, 'bot amid a crash');
    const byWebhook = await publish({ webhookUrl: webhook.url }, 'webhook amid a crash');
    await vi.waitFor(() => expect(discord.requests.filter(({ status }) => status === 0)).toHaveLength(2), {
      timeout: 30_000,
    });
    await crash();
    await untilState(byBot, 'delivered');
    expect(sent('bot amid a crash')).toHaveLength(1);
    expect(await untilState(byWebhook, 'unknown')).toMatchObject({
      target: { webhookId: webhook.id },
      reason: 'the process that sent it fell silent; whether the message arrived cannot be known',
    });
    expect(sent('webhook amid a crash')).toHaveLength(0);
  }, 90_000);

  it('is one message after a lost answer, and by webhook nobody says whether', async () => {
    discord.loseNextAnswer({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    discord.loseNextAnswer({ method: 'POST', path: /^\/webhooks\/\d+\/[^/]+$/ });
    const byBot = await publish({ channelId }, 'bot unheard');
    const byWebhook = await publish({ webhookUrl: webhook.url }, 'webhook unheard');
    await untilState(byBot, 'delivered');
    await untilState(byWebhook, 'unknown');
    expect(sent('bot unheard')).toHaveLength(1);
    expect(sent('webhook unheard')).toHaveLength(1);
  }, 60_000);

  it('ends with its webhook, and the token of one is in no line of the log', async () => {
    const { id, token } = discord.webhooks.add(channelId, 'Short');
    discord.webhooks.remove(id);
    const url = `${discord.apiUrl}/webhooks/${id}/${token}`;
    expect(await untilState(await publish({ webhookUrl: url }, 'x'), 'dead')).toMatchObject({
      reason: 'The webhook does not exist any more, or its token is another.',
    });
    expect(printed + guildcast.output()).toContain('whether the message arrived cannot be known');
    for (const secret of [token, webhook.token]) expect(printed + guildcast.output()).not.toContain(secret);
  }, 60_000);
});
