import { type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SentMessages } from '../../../src/discord/sent-messages.js';
import { type PublishTarget } from '../../../src/domain/notification.js';
import { NotificationQueue } from '../../../src/queue/notification-queue.js';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { passTime } from '../../support/pass-time.js';
import { createTestDatabase } from '../../support/test-database.js';
import { Town } from './confirmation-town.js';

const patience = { timeout: 20_000, interval: 20 };
const toChannels = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
const toWebhooks = { method: 'POST', path: /^\/webhooks\// };

describe('a board whose first answer is lost', { timeout: 60_000 }, () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let town: Town;
  let reader: DataSource;
  let module: TestingModule;
  let channelId: string;
  let webhookUrl: string;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    discord = await FakeDiscord.start();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'status' }).id;
    const { id, token } = discord.webhooks.add(channelId, 'Herald');
    webhookUrl = `${discord.apiUrl}/webhooks/${id}/${token}`;
    town = new Town(discord, database.url);
    module = await town.start();
    reader = module.get(DataSource);
  });
  afterEach(async () => {
    await reader.query('truncate notifications, notification_attempts, notification_boards restart identity');
    await town.stop();
    await discord.stop();
  });
  afterAll(() => database.drop());

  const publish = async (target: PublishTarget, content: string, collapseKey: string | undefined = 'board') =>
    (await module.get(NotificationQueue).publish({ publisher: 't', target, message: { content }, collapseKey })).id;
  const until = (id: string, wanted: Record<string, unknown>) =>
    vi.waitFor(async () => expect(await module.get(NotificationQueue).get(id)).toMatchObject(wanted), patience);
  const confirmed = { state: 'delivered', confirmedAt: expect.stringMatching(/Z$/) as string };
  const shown = async () => {
    const headers = { authorization: `Bot ${discord.token}` };
    const answer = await fetch(`${discord.apiUrl}/v10/channels/${channelId}/messages`, { headers });
    return ((await answer.json()) as { content: string }[]).map(({ content }) => content);
  };

  it('by webhook is one message, since Discord tells of it', async () => {
    discord.loseNextAnswer(toWebhooks);
    await until(await publish({ webhookUrl }, 'first'), confirmed);
    await until(await publish({ webhookUrl }, 'second'), { state: 'delivered' });
    expect(await shown()).toEqual(['second']);
  });

  it('is one message also after Discord has forgotten its nonce', async () => {
    discord.loseNextAnswer(toChannels);
    const first = await publish({ channelId }, 'first');
    await vi.waitFor(() => expect(discord.sent).toHaveLength(1), patience);
    await discord.goDown();
    await until(first, confirmed);
    const second = await publish({ channelId }, 'second');
    await passTime(reader, 600);
    discord.forgetNonces();
    await discord.comeBack();
    await until(second, { state: 'delivered' });
    expect(await shown()).toEqual(['second']);
  });

  it('is not moved to another message of the same words', async () => {
    await until(await publish({ channelId }, 'first'), confirmed);
    const [before] = await reader.query<{ message_id: string }[]>('select message_id from notification_boards');
    const other = await publish({ channelId }, 'first', 'another');
    await until(other, confirmed);
    const [{ nonce }] = await reader.query<[{ nonce: string }]>('select nonce from notifications where id = $1', [
      other,
    ]);
    await reader.query('update notifications set confirmed_at = null');
    module.get(SentMessages).botWrote({ messageId: '7', nonce });
    await until(other, confirmed);
    const boards = await reader.query<{ message_id: string }[]>(
      'select message_id from notification_boards order by id',
    );
    expect(boards[0]).toEqual(before);
    expect(boards[1]!.message_id).not.toBe('7');
  });
});
