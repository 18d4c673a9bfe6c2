import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { createTestDatabase } from '../support/test-database.js';

const key = 'publish-key-for-tests';
const adminKey = 'admin-key-for-tests-of-targets';
const path = '/api/v1/admin/queue/destinations';
const patience = { timeout: 30_000, interval: 50 };

/** Targets that take nothing any more, with the whole program, over a crash of it. */
describe('a target that refuses whatever it gets', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess;
  let channelId: string;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
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
        DATA_PROVIDERS: 'discord-gateway',
        API_KEYS: `publish=${key},admin=${adminKey}`,
        LOG_LEVEL: 'trace',
        QUEUE_POLL_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1,1',
      },
    });
  }

  async function ask(method: string, address: string, { body, by = adminKey }: { body?: unknown; by?: string } = {}) {
    const response = await fetch(`${guildcast.url}${address}`, {
      method,
      headers: {
        ...(by === '' ? {} : { authorization: `Bearer ${by}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      body: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
  }

  async function publish(target: object, text: string, options: object = {}): Promise<string> {
    const { body, status } = await ask('POST', '/api/v1/notifications', {
      by: key,
      body: { target, message: { content: text }, ...options },
    });
    expect(status).toBe(202);
    return body.id as string;
  }

  const until = (id: string, wanted: Record<string, unknown>) =>
    vi.waitFor(async () => {
      const { body } = await ask('GET', `/api/v1/notifications/${id}`, { by: key });
      expect(body).toMatchObject(wanted);
    }, patience);
  const sent = (text: string) => discord.sent.filter(({ content }) => content === text);

  async function refusedThrice(target: object): Promise<void> {
    for (let n = 0; n < 3; n += 1) await until(await publish(target, 'refused'), { state: 'dead' });
    await vi.waitFor(() => expect(guildcast.output()).toContain('is switched off after 3 failures in a row'), patience);
  }

  it('is switched off; what is for it waits over a crash, and goes out once an operator says so', async () => {
    const { id: userId } = discord.addUser({ username: 'shy' });
    discord.closeDMs(userId);
    await refusedThrice({ userId });
    const asked = discord.requests.length;
    const held = await publish({ userId }, 'held');
    const elsewhere = await publish({ userId }, 'elsewhere', { fallback: { channelId } });
    await until(held, { state: 'pending', heldBy: 'off' });
    await until(elsewhere, { state: 'delivered', confirmedAt: expect.any(String) as string, target: { channelId } });
    expect(discord.requests.slice(asked).filter(({ method }) => method === 'POST')).toHaveLength(1);

    await guildcast.kill();
    guildcast = await start();
    const { body } = await ask('GET', `${path}?state=off`);
    expect(body).toEqual({
      destinations: [
        {
          destination: `user:${userId}`,
          state: 'off',
          failures: 3,
          failingSince: expect.any(String) as string,
          failedAt: expect.any(String) as string,
          lastReason: 'The user does not accept direct messages from this bot.',
          nextTryAt: null,
          offAt: expect.any(String) as string,
          ownerToldAt: null,
          waiting: 1,
        },
      ],
    });
    const { text } = await ask('GET', '/metrics');
    expect(text).toContain('guildcast_notification_destinations{state="off"} 1');

    discord.openDMs(userId);
    expect(await ask('POST', `${path}/user:${userId}/enable`)).toMatchObject({ status: 204 });
    await until(held, { state: 'delivered', heldBy: null });
    expect(sent('held')).toHaveLength(1);
    expect((await ask('GET', path)).body).toEqual({ destinations: [] });
  }, 120_000);

  it('is shown without its secret, which is in no line of the log', async () => {
    const { id, token } = discord.webhooks.add(channelId, 'Short');
    discord.webhooks.remove(id);
    const target = { webhookUrl: `${discord.apiUrl}/webhooks/${id}/${token}?thread_id=100000000000000001` };
    await refusedThrice(target);
    const held = await publish(target, 'held');
    await until(held, { heldBy: 'off' });
    const { text, body } = await ask('GET', path);
    expect(body).toMatchObject({ destinations: [{ destination: `webhook:${id}/100000000000000001`, waiting: 1 }] });
    for (const said of [text, guildcast.output()]) expect(said).not.toContain(token);
    const name = encodeURIComponent(`webhook:${id}/100000000000000001`);
    expect(await ask('POST', `${path}/${name}/enable`)).toMatchObject({ status: 204 });
    await until(held, { state: 'dead' });
  }, 120_000);

  it('is for admins alone, and unknown ones are told from those that are no names', async () => {
    expect(await ask('GET', path, { by: '' })).toMatchObject({ status: 401 });
    expect(await ask('GET', path, { by: key })).toMatchObject({ status: 403 });
    expect(await ask('POST', `${path}/user:1/enable`, { by: key })).toMatchObject({ status: 403 });
    expect(await ask('POST', `${path}/user:1/enable`)).toMatchObject({
      status: 404,
      body: { code: 'resource.not_found' },
    });
    for (const address of [`${path}?limit=0`, `${path}?state=on`, `${path}?after=x`, `${path}?more=1`]) {
      expect(await ask('GET', address), address).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    }
    for (const name of ['user', 'user:%00', `user:${'1'.repeat(300)}`]) {
      expect(await ask('POST', `${path}/${name}/enable`), name).toMatchObject({ status: 400 });
    }
  }, 60_000);
});
