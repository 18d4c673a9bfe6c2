import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const ringing = 'test-ringing-key-0001';
const mayOnlyRing = 'test-mention-key-0001';

describe('whom a notification rings', () => {
  let discord: FakeDiscord;
  let running: TestApp;
  let channelId: string;
  let ada: string;
  let bob: string;
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    const town = discord.addGuild({ name: 'Town' });
    channelId = town.addChannel({ name: 'general' }).id;
    ada = discord.addUser({ username: 'ada' }).id;
    bob = discord.addUser({ username: 'bob' }).id;
    const keys = Object.entries(testKeys).map((entry) => entry.join('='));
    running = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'mock',
      QUEUE_POLL_SECONDS: '1',
      QUEUE_FLOOD_LIMIT: '0',
      API_KEYS: [...keys, `publish=${ringing}`, `mention=${ringing}`, `mention=${mayOnlyRing}`].join(','),
    });
  }, 90_000);
  afterAll(async () => {
    await running.close();
    await discord.stop();
  });

  const role = '300000000000000001';
  const server = () => running.app.getHttpServer();
  const post = (path: string, body: object, key = ringing) =>
    request(server()).post(`/api/v1/notifications${path}`).set('Authorization', `Bearer ${key}`).send(body);
  const note = (more: object = {}) => ({ target: { channelId }, type: 'note', payload: { title: 'Fire' }, ...more });

  async function sentOf(answer: { body: unknown }) {
    const { id } = answer.body as { id: string };
    await vi.waitFor(
      async () => {
        const state = await request(server())
          .get(`/api/v1/notifications/${id}`)
          .set('Authorization', `Bearer ${testKeys.admin}`);
        expect(state.body).toMatchObject({ state: 'delivered' });
      },
      { timeout: 15_000 },
    );
    return discord.sent.at(-1)!;
  }

  it('stands before what it says, and nobody else is rung', async () => {
    const mentions = { users: [ada], roles: [role], everyone: true };
    const sent = await sentOf(await post('', note({ mentions })).expect(202));
    expect(sent).toMatchObject({
      content: `<@${ada}> <@&${role}> @everyone`,
      embeds: [{ title: 'Fire' }],
      allowedMentions: { parse: ['everyone'], users: [ada], roles: [role] },
    });
  });

  it('is nobody whom its texts name', async () => {
    const message = { content: `@everyone @here <@${bob}> <@&${role}>` };
    const quiet = await sentOf(await post('', { target: { channelId }, message }).expect(202));
    expect(quiet).toMatchObject({ content: message.content, allowedMentions: { parse: [] } });
    const one = await sentOf(
      await post('', { target: { channelId }, message, mentions: { users: [ada] } }).expect(202),
    );
    expect(one).toMatchObject({
      content: `<@${ada}>\n${message.content}`,
      allowedMentions: { parse: [], users: [ada] },
    });
  });

  it('is rung by webhook and in direct messages too, and where the target refused', async () => {
    const herald = discord.webhooks.add(channelId, 'Herald');
    const webhookUrl = `${discord.apiUrl}/webhooks/${herald.id}/${herald.token}`;
    const mentions = { users: [ada] };
    const allowed = { content: `<@${ada}>`, allowedMentions: { parse: [], users: [ada] } };
    const byWebhook = await sentOf(await post('', note({ target: { webhookUrl }, mentions })).expect(202));
    expect(byWebhook).toMatchObject({ ...allowed, webhookId: herald.id });
    const direct = await sentOf(await post('', note({ target: { userId: ada }, mentions })).expect(202));
    expect(direct).toMatchObject({ ...allowed, userId: ada });
    const nowhere = { target: { channelId: '123456789012345678' }, fallback: { channelId } };
    expect(await sentOf(await post('', note({ ...nowhere, mentions })).expect(202))).toMatchObject({
      ...allowed,
      channelId,
    });
  }, 30_000);

  it('is not rung by an edit', async () => {
    const board = { collapseKey: 'fire', mentions: { everyone: true } };
    const first = await sentOf(await post('', note(board)).expect(202));
    expect(first).toMatchObject({ allowedMentions: { parse: ['everyone'] } });
    await sentOf(await post('', note({ ...board, payload: { title: 'Out' } })).expect(202));
    // Edits have no way to ring at all.
    expect(discord.sent.at(-1)).toBe(first);
    const message = await fetch(`${discord.apiUrl}/v10/channels/${channelId}/messages/${first.messageId}`, {
      headers: { authorization: `Bot ${discord.token}` },
    });
    expect(await message.json()).toMatchObject({ content: '@everyone', embeds: [{ title: 'Out' }] });
  });

  it('is nobody for a key that may not, alone or in a batch, and nothing is stored', async () => {
    const mentions = { everyone: true };
    const refusals = [
      [await post('', note({ mentions }), testKeys.publish), 'mentions'],
      [await post('', [note(), note({ mentions })], testKeys.publish), '1.mentions'],
      [await post('/preview', note({ mentions }), testKeys.publish), 'mentions'],
    ] as const;
    for (const [{ status, body }, place] of refusals) {
      expect(status).toBe(403);
      expect(body).toMatchObject({ code: 'access.scope_missing' });
      expect((body as { detail: string }).detail).toMatch(new RegExp(`^${place}: .*scope mention`));
    }
    await post('', note({ mentions }), mayOnlyRing).expect(403);
    const stored = await request(server())
      .get('/api/v1/admin/queue/notifications?limit=100')
      .set('Authorization', `Bearer ${testKeys.admin}`)
      .expect(200);
    const { notifications } = stored.body as { notifications: { publisher: string }[] };
    const publishers = new Set(notifications.map(({ publisher }) => publisher));
    expect(publishers.size).toBe(1);
    expect((await post('', note({ mentions }), testKeys.admin)).status).toBe(202);
  });

  it.each([
    ['nobody', {}],
    ['nobody in lists', { users: [], roles: [] }],
    ['somebody twice', { users: ['100000000000000001', '100000000000000001'] }],
    ['more than there is room for', { users: Array.from({ length: 21 }, (_, n) => `1000000000000000${n + 10}`) }],
    ['a name', { users: ['ada'] }],
    ['everyone by a no', { everyone: false }],
    ['here', { here: true }],
    ['a text', '@everyone'],
    ['everyone in a list', ['everyone']],
  ])('is not %s', async (_name, mentions) => {
    const answer = await post('', note({ mentions }));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
    expect(answer.text).toContain('mentions');
  });

  it('is shown before, with what Discord would get', async () => {
    const answer = await post('/preview', note({ mentions: { users: [ada] } })).expect(200);
    expect(answer.body).toMatchObject({
      message: { content: `<@${ada}>` },
      discord: { content: `<@${ada}>`, allowed_mentions: { parse: [], users: [ada] } },
    });
  });

  it('has room before the longest text', async () => {
    const ids = (first: number) => Array.from({ length: 20 }, (_, n) => `${first}00000000000000${n + 10}`);
    const mentions = { users: ids(1_000), roles: ids(2_000), everyone: true };
    const sent = await sentOf(
      await post('', { target: { channelId }, message: { content: 'x'.repeat(2_000) }, mentions }).expect(202),
    );
    expect(sent.content).toHaveLength(2_000);
    expect(sent.content).toMatch(/^(<@\d{20}> ){20}(<@&\d{20}> ){20}@everyone\nx+…$/);
  });

  it('is told to consumers, who send by themselves', async () => {
    const mentions = { users: [bob], everyone: true };
    const { id } = (await post('', note({ mentions, delivery: 'pull' })).expect(202)).body as { id: string };
    await post('', note({ delivery: 'pull' })).expect(202);
    const { notifications } = (await post('/claim', { limit: 10 }, testKeys.consume).expect(200)).body as {
      notifications: { id: string; mentions: unknown }[];
    };
    expect(notifications.map((one) => one.mentions)).toEqual([mentions, null]);
    expect(notifications[0]!.id).toBe(id);
  });

  it('belongs to the request that an idempotency key stands for', async () => {
    const once = (mentions?: object) => post('', note({ mentions })).set('Idempotency-Key', 'once');
    const first = (await once({ users: [ada] }).expect(202)).body as { id: string };
    expect((await once({ users: [ada] }).expect(202)).body).toMatchObject({ id: first.id });
    await once({ users: [bob] }).expect(422);
    await once().expect(422);
  });
});
