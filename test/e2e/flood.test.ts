import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { HeldStatement } from '../support/held-statement.js';
import { createTestDatabase } from '../support/test-database.js';

const key = 'publish-key-for-tests';
const patience = { timeout: 30_000, interval: 50 };

/** More notifications of a kind than may pass, over crashes of the program, on one database. */
describe('flood control', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let client: Client;
  let guildcast: GuildcastProcess;
  let channelId: string;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  beforeEach(async () => {
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'alerts' }).id;
    guildcast = await start({ QUEUE_FLOOD_LIMIT: '2', QUEUE_FLOOD_WINDOW_SECONDS: '600' });
  }, 90_000);
  afterEach(() => guildcast.kill());
  afterAll(async () => {
    await client.end();
    await discord.stop();
    await database.drop();
  });

  function start(env: Record<string, string> = {}): Promise<GuildcastProcess> {
    return startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        DATA_PROVIDERS: 'mock',
        API_KEYS: `publish=${key}`,
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_POLL_SECONDS: '1',
        ...env,
      },
    });
  }

  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

  async function publish(count: number, more: object = {}): Promise<string[]> {
    const one = (n: number) => ({
      target: { channelId },
      type: 'backup_error',
      payload: { error_message: `failure ${n}` },
      locale: 'en',
      ...more,
    });
    const answer = await fetch(`${guildcast.url}/api/v1/notifications`, {
      method: 'POST',
      headers,
      body: JSON.stringify(Array.from({ length: count }, (_, n) => one(n))),
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { notifications: { id: string }[] }).notifications.map(({ id }) => id);
  }

  async function status(id: string): Promise<Record<string, unknown>> {
    const answer = await fetch(`${guildcast.url}/api/v1/notifications/${id}`, { headers });
    return (await answer.json()) as Record<string, unknown>;
  }

  async function endWindow(): Promise<void> {
    await client.query(`update notifications set not_before = now() - interval '1 second' where held = 'digest'`);
    await client.query(`select pg_notify('guildcast_digests', '')`);
  }

  const sent = () => discord.sent.filter((message) => message.channelId === channelId);
  const digests = () => sent().filter(({ embeds }) => JSON.stringify(embeds).includes('🔁'));

  async function untilTold(ids: string[]): Promise<void> {
    for (const id of ids) {
      await vi.waitFor(async () => expect(await status(id)).toMatchObject({ state: 'superseded' }), patience);
    }
    const by = new Set(await Promise.all(ids.map(async (id) => (await status(id)).supersededBy)));
    expect(by.size).toBe(1);
    const [digest] = by as Set<string>;
    await vi.waitFor(async () => expect(await status(digest!)).toMatchObject({ state: 'delivered' }), patience);
    expect(digests()).toHaveLength(1);
    expect(JSON.stringify(digests()[0]!.embeds)).toContain(`🔁 ${ids.length} `);
  }

  it('holds what is too much, over a crash and also without the limit, and tells it in one message', async () => {
    const ids = await publish(7);
    const critical = await publish(2, { priority: 'critical' });
    await vi.waitFor(() => expect(sent()).toHaveLength(4), patience);
    for (const id of critical) expect(await status(id)).toMatchObject({ heldBy: null });
    await guildcast.kill();
    guildcast = await start();
    for (const id of ids.slice(2)) expect(await status(id)).toMatchObject({ state: 'pending', heldBy: 'digest' });
    await endWindow();
    await untilTold(ids.slice(2));
    expect(sent()).toHaveLength(5);
  }, 120_000);

  it('tells it in one message when the program is killed amid the writing', async () => {
    const ids = await publish(6);
    const writing = await HeldStatement.of(database.url, 'insert', `new.type = 'digest'`);
    await endWindow();
    await vi.waitFor(async () => expect(await writing.waiting()).toBe(1), patience);
    await guildcast.kill();
    await writing.undo();
    const { rows } = await client.query<{ state: string }>(`select state from notifications where held = 'digest'`);
    expect(rows.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'pending'));
    guildcast = await start();
    await untilTold(ids.slice(2));
    expect(sent()).toHaveLength(3);
  }, 120_000);

  it('tells it in one message when the program is killed before the digest is marked as delivered', async () => {
    const ids = await publish(6);
    await vi.waitFor(() => expect(sent()).toHaveLength(2), patience);
    const settling = await HeldStatement.of(database.url, 'update', `new.type = 'digest' and new.state = 'delivered'`);
    await endWindow();
    await vi.waitFor(async () => expect(await settling.waiting()).toBe(1), patience);
    expect(digests()).toHaveLength(1);
    await guildcast.kill();
    await settling.undo();
    guildcast = await start();
    await untilTold(ids.slice(2));
  }, 120_000);
});
