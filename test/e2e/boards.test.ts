import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { HeldStatement } from '../support/held-statement.js';
import { createTestDatabase } from '../support/test-database.js';

const key = 'publish-key-for-tests';
const admin = 'admin-key-for-tests';

/** Notifications with a collapse key, from the request to the message, over crashes of the program, on one database. */
describe('a status board', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess;
  let channelId: string;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'status' }).id;
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
        API_KEYS: `publish=${key},admin=${admin}`,
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1,1,1',
        QUEUE_POLL_SECONDS: '1',
      },
    });
  }

  async function publish(target: object, collapseKey: string, content: string): Promise<string> {
    const answer = await fetch(`${guildcast.url}/api/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ target, collapseKey, message: { content } }),
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  }

  const untilState = (id: string, state: string) =>
    vi.waitFor(
      async () => {
        const answer = await fetch(`${guildcast.url}/api/v1/notifications/${id}`, {
          headers: { authorization: `Bearer ${key}` },
        });
        expect(await answer.json()).toMatchObject({ state });
      },
      { timeout: 30_000, interval: 50 },
    );

  async function show(target: object, collapseKey: string, content: string): Promise<void> {
    await untilState(await publish(target, collapseKey, content), 'delivered');
  }

  const sentLike = (prefix: string) => discord.sent.filter(({ content }) => content.startsWith(prefix));
  const edits = () => discord.requests.filter(({ method }) => method === 'PATCH').length;

  async function ask(method: string, of: { channelId: string; messageId: string }): Promise<Response> {
    return fetch(`${discord.apiUrl}/v10/channels/${of.channelId}/messages/${of.messageId}`, {
      method,
      headers: { authorization: `Bot ${discord.token}` },
    });
  }
  const contentOf = async (of: { channelId: string; messageId: string }) =>
    ((await (await ask('GET', of)).json()) as { content: string }).content;

  it('is one message in a channel, among direct messages and by webhook', async () => {
    const { id, token } = discord.webhooks.add(channelId, 'Herald');
    const targets = {
      channel: { channelId },
      user: { userId: discord.addUser({ username: 'ada' }).id },
      webhook: { webhookUrl: `${discord.apiUrl}/webhooks/${id}/${token}` },
    };
    for (const [name, target] of Object.entries(targets)) {
      for (const content of [`${name} one`, `${name} two`, `${name} three`]) await show(target, 'kinds', content);
      const sent = sentLike(name);
      expect(sent.map(({ content }) => content)).toEqual([`${name} one`]);
      expect(await contentOf(sent[0]!)).toBe(`${name} three`);
    }
  }, 60_000);

  it('shows the newest by one edit after an outage', async () => {
    await show({ channelId }, 'outage', 'outage before');
    await discord.goDown();
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) ids.push(await publish({ channelId }, 'outage', `outage ${n}`));
    const before = edits();
    await discord.comeBack();
    await untilState(ids.at(-1)!, 'delivered');
    expect(edits()).toBe(before + 1);
    const [message, ...more] = sentLike('outage');
    expect(more).toEqual([]);
    expect(await contentOf(message!)).toBe('outage 19');
    for (const id of ids.slice(0, -1)) await untilState(id, 'superseded');
  }, 60_000);

  it('is made anew when somebody has deleted its message, or an operator has it forgotten', async () => {
    await show({ channelId }, 'deleted', 'deleted one');
    expect((await ask('DELETE', sentLike('deleted')[0]!)).status).toBe(204);
    await show({ channelId }, 'deleted', 'deleted two');
    await show({ channelId }, 'deleted', 'deleted three');
    expect(sentLike('deleted').map(({ content }) => content)).toEqual(['deleted one', 'deleted two']);
    expect(await contentOf(sentLike('deleted')[1]!)).toBe('deleted three');

    const boards = `${guildcast.url}/api/v1/admin/queue/boards`;
    const headers = { authorization: `Bearer ${admin}` };
    const list = (await (await fetch(`${boards}?collapseKey=deleted`, { headers })).json()) as {
      boards: { id: string; destination: string; messageId: string }[];
    };
    expect(list.boards).toMatchObject([
      { destination: `channel:${channelId}`, messageId: sentLike('deleted')[1]!.messageId },
    ]);
    const forgotten = await fetch(`${boards}/${list.boards[0]!.id}`, { method: 'DELETE', headers });
    expect(forgotten.status).toBe(204);
    await show({ channelId }, 'deleted', 'deleted four');
    expect(sentLike('deleted')).toHaveLength(3);
    expect(await contentOf(sentLike('deleted')[1]!)).toBe('deleted three');
  }, 60_000);

  it('is one message when the program is killed after the sending and before it has noted it', async () => {
    const settling = await HeldStatement.of(database.url, 'update', `new.state = 'delivered'`);
    const id = await publish({ channelId }, 'killed', 'killed one');
    await vi.waitFor(async () => expect(await settling.waiting()).toBe(1), { timeout: 30_000 });
    expect(sentLike('killed')).toHaveLength(1);
    await guildcast.kill();
    await settling.undo();
    guildcast = await start();
    await untilState(id, 'delivered');
    await show({ channelId }, 'killed', 'killed two');
    expect(sentLike('killed')).toHaveLength(1);
    expect(await contentOf(sentLike('killed')[0]!)).toBe('killed two');
  }, 120_000);

  it('is one message with the newest content when the program is killed amid the sending and a newer one came', async () => {
    discord.leaveNextUnanswered({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    await publish({ channelId }, 'amid', 'amid one');
    await vi.waitFor(() => expect(discord.requests.at(-1)).toMatchObject({ method: 'POST', status: 0 }), {
      timeout: 30_000,
    });
    const newer = await publish({ channelId }, 'amid', 'amid two');
    await guildcast.kill();
    guildcast = await start();
    await untilState(newer, 'delivered');
    const [message, ...more] = sentLike('amid');
    expect(more).toEqual([]);
    expect(await contentOf(message!)).toBe('amid two');
  }, 120_000);

  it('is one message when the answer to the first one is lost and newer ones come meanwhile', async () => {
    discord.loseNextAnswer({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await publish({ channelId }, 'lost', `lost ${n}`));
    await untilState(ids.at(-1)!, 'delivered');
    const [message, ...more] = sentLike('lost');
    expect(more).toEqual([]);
    expect(await contentOf(message!)).toBe('lost 4');
  }, 60_000);
});
