import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { createTestDatabase } from '../support/test-database.js';

const key = 'publish-key-for-tests';

/** The whole way of a notification, over crashes of the program and outages of Discord, on one database. */
describe('a notification that was acknowledged', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess | undefined;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await guildcast?.stop();
    await discord.stop();
    await database.drop();
  });

  async function start(): Promise<GuildcastProcess> {
    guildcast = await startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        API_KEYS: `publish=${key}`,
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1,1,1',
        QUEUE_POLL_SECONDS: '1',
      },
    });
    return guildcast;
  }

  async function publish({ url }: GuildcastProcess, userId: string, text: string): Promise<string> {
    const response = await fetch(`${url}/api/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ target: { userId }, type: 'backup_error', payload: { error_message: text } }),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { id: string }).id;
  }

  async function stateOf({ url }: GuildcastProcess, id: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${url}/api/v1/notifications/${id}`, { headers: { authorization: `Bearer ${key}` } });
    return (await response.json()) as Record<string, unknown>;
  }

  async function untilState(process: GuildcastProcess, id: string, state: string) {
    return vi.waitFor(
      async () => {
        const answer = await stateOf(process, id);
        expect(answer.state).toBe(state);
        return answer;
      },
      { timeout: 20_000, interval: 50 },
    );
  }

  it('survives kill -9 right after the answer, with Discord out at the time, and arrives once', async () => {
    const first = await start();
    await discord.goDown();
    const { id: userId } = discord.addUser({ username: 'survivor' });
    const ids = await Promise.all([...'abcdefgh'].map((text) => publish(first, userId, text)));
    await first.kill();
    const second = await start();
    await discord.comeBack();
    for (const id of ids) await untilState(second, id, 'delivered');
    const texts = discord.sent
      .filter((message) => message.userId === userId)
      .map(({ embeds }) => (embeds[0] as { description?: string }).description);
    expect(texts).toHaveLength(8);
    expect(new Set(texts).size).toBe(8);
  }, 60_000);

  it('is sent once more after a lost answer, and Discord makes one message of the two', async () => {
    const process = guildcast ?? (await start());
    const { id: userId } = discord.addUser({ username: 'lost-answer' });
    discord.loseNextAnswer({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    const id = await publish(process, userId, 'once');
    await untilState(process, id, 'delivered');
    expect(discord.sent.filter((message) => message.userId === userId)).toHaveLength(1);
  }, 60_000);

  it('is tried again after a fault of Discord, on the schedule', async () => {
    const process = guildcast ?? (await start());
    const { id: userId } = discord.addUser({ username: 'patient' });
    discord.refuseNext({
      method: 'POST',
      path: /^\/channels\/\d+\/messages$/,
      status: 429,
      headers: { 'Retry-After': '1' },
      body: { message: 'slow down', retry_after: 1, global: false },
    });
    const id = await publish(process, userId, 'later');
    const answer = await untilState(process, id, 'delivered');
    expect(discord.sent.filter((message) => message.userId === userId)).toHaveLength(1);
    expect(answer.reason).toBeNull();
  }, 40_000);

  it('is given up with the reason when the person takes no messages', async () => {
    const process = guildcast ?? (await start());
    const { id: userId } = discord.addUser({ username: 'closed' });
    discord.closeDMs(userId);
    const id = await publish(process, userId, 'nobody home');
    const answer = await untilState(process, id, 'dead');
    expect(answer.reason).toMatch(/direct messages|DM/i);
    expect(discord.sent.filter((message) => message.userId === userId)).toHaveLength(0);
  }, 40_000);

  it('may come with a hundred others, of two megabytes in all, and a key is asked for before they are read', async () => {
    const process = guildcast ?? (await start());
    const { id: userId } = discord.addUser({ username: 'hundred' });
    const send = (
      textLength: number,
      count: number,
      headers: Record<string, string> = { authorization: `Bearer ${key}` },
    ) =>
      fetch(`${process.url}/api/v1/notifications`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(
          Array.from({ length: count }, (_, index) => ({
            target: { userId },
            type: 'backup_error',
            payload: { error_message: `${index} ${'x'.repeat(textLength)}` },
          })),
        ),
      });
    const accepted = await send(10_000, 100);
    expect(accepted.status).toBe(202);
    const { notifications } = (await accepted.json()) as { notifications: { id: string }[] };
    expect(notifications).toHaveLength(100);
    await untilState(process, notifications[99]!.id, 'delivered');
    expect((await send(60_000, 40)).status).toBe(413);
    expect((await send(60_000, 40, {})).status).toBe(401);
  }, 60_000);
});
