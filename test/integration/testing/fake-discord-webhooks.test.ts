import { once } from 'node:events';
import { Events, WebhookClient } from 'discord.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDiscord, type FakeGuild } from '../../../src/testing/fake-discord/index.js';
import { logIn } from './bot.js';

let discord: FakeDiscord;
let guild: FakeGuild;
let channelId: string;

beforeAll(async () => {
  discord = await FakeDiscord.start();
  guild = discord.addGuild({ name: 'Town' });
  channelId = guild.addChannel({ name: 'general' }).id;
});

afterAll(() => discord.stop());

const client = (webhook: { id: string; token: string }) =>
  new WebhookClient(webhook, { rest: { api: discord.apiUrl } });

describe('a webhook of the fake', () => {
  it('writes without the bot’s token, edits and reads what it wrote, and the bot hears it', async () => {
    const webhook = client(discord.webhooks.add(channelId, 'Herald'));
    const bot = await logIn(discord);
    try {
      const heard = once(bot, Events.MessageCreate);
      const message = await webhook.send({ content: 'hello', embeds: [{ title: 'Backup' }] });
      expect(message).toMatchObject({ content: 'hello', channel_id: channelId, author: { username: 'Herald' } });
      expect(((await heard) as [{ webhookId: string; content: string }])[0]).toMatchObject({
        webhookId: webhook.id,
        content: 'hello',
      });
      await webhook.editMessage(message.id, { content: 'changed' });
      expect(await webhook.fetchMessage(message.id)).toMatchObject({ content: 'changed' });
      expect(discord.sent.at(-1)).toMatchObject({ webhookId: webhook.id, messageId: message.id, guildId: guild.id });
    } finally {
      await bot.destroy();
    }
  });

  it('writes into threads of its channel, and into no others', async () => {
    const webhook = client(discord.webhooks.add(channelId, 'Herald'));
    const thread = guild.addChannel({ name: 'talk', type: 11, parentId: channelId });
    const elsewhere = guild.addChannel({ name: 'elsewhere' });
    expect(await webhook.send({ content: 'x', threadId: thread.id })).toMatchObject({ channel_id: thread.id });
    await expect(webhook.send({ content: 'x', threadId: elsewhere.id })).rejects.toMatchObject({ code: 10_003 });
    await expect(webhook.send({ content: 'x', threadId: 'abc' })).rejects.toMatchObject({ code: 50_035 });
  });

  it('takes the same words twice for two messages, and answers only who waits', async () => {
    const { id, token } = discord.webhooks.add(channelId, 'Herald');
    const before = discord.sent.length;
    const post = (query: string) =>
      fetch(`${discord.apiUrl}/v10/webhooks/${id}/${token}${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'x', nonce: 'same', enforce_nonce: true }),
      });
    expect((await post('?wait=true')).status).toBe(200);
    expect((await post('')).status).toBe(204);
    expect(discord.sent).toHaveLength(before + 2);
  });

  it('refuses a wrong token, a webhook that is gone, and a message of another', async () => {
    const webhook = discord.webhooks.add(channelId, 'Herald');
    const other = discord.webhooks.add(channelId, 'Other');
    const message = await client(webhook).send('mine');
    await expect(client(other).editMessage(message.id, 'stolen')).rejects.toMatchObject({ status: 404, code: 10_008 });
    const wrong = client({ ...webhook, token: `${webhook.token.slice(0, -4)}AAAA` });
    await expect(wrong.send('x')).rejects.toMatchObject({ status: 401, code: 50_027 });
    discord.webhooks.remove(webhook.id);
    await expect(client(webhook).send('x')).rejects.toMatchObject({ status: 404, code: 10_015 });
    await expect(client(other).send('')).rejects.toMatchObject({ status: 400, code: 50_006 });
  });
});
