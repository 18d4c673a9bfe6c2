import { type TestingModule } from '@nestjs/testing';
import { Client } from 'discord.js';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DiscordSender } from '../../../src/discord/discord-sender.js';
import { printOfRendered } from '../../../src/discord/message-print.js';
import { SentMessages } from '../../../src/discord/sent-messages.js';
import { type PublishTarget } from '../../../src/domain/notification.js';
import { LeaseRepository } from '../../../src/queue/lease.repository.js';
import { NotificationQueue } from '../../../src/queue/notification-queue.js';
import { FakeDiscord, permissions } from '../../../src/testing/fake-discord/index.js';
import { passTime } from '../../support/pass-time.js';
import { createTestDatabase } from '../../support/test-database.js';
import { Town } from './confirmation-town.js';

const patience = { timeout: 20_000, interval: 20 };
const tenMinutes = 600;
const toChannels = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
const toWebhooks = { method: 'POST', path: /^\/webhooks\// };

describe('what Discord tells of our own messages', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let town: Town;
  let channelId: string;
  let closedChannel: string;
  let webhook: { id: string; url: string };
  let reader: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    discord = await FakeDiscord.start();
    const guild = discord.addGuild({ name: 'Town' });
    channelId = guild.addChannel({ name: 'general' }).id;
    closedChannel = guild.addChannel({
      name: 'staff',
      overwrites: [
        { id: guild.id, type: 0, allow: '0', deny: String(permissions.viewChannel) },
        { id: discord.botUser.id, type: 1, allow: String(permissions.viewChannel), deny: '0' },
      ],
    }).id;
    const added = discord.webhooks.add(closedChannel, 'Herald');
    webhook = { id: added.id, url: `${discord.apiUrl}/webhooks/${added.id}/${added.token}` };
    town = new Town(discord, database.url);
    const module = await town.start({ gateway: false, worker: false });
    reader = module.get(DataSource);
  });
  afterEach(async () => {
    await reader.query('truncate notifications, notification_attempts, notification_destinations restart identity');
    await town.stop();
    await discord.stop();
  });
  afterAll(() => database.drop());

  const publish = async (module: TestingModule, target: PublishTarget, text: string): Promise<string> => {
    const notification = { publisher: 't', target, message: { content: text, embeds: [{ title: `${text}!` }] } };
    return (await module.get(NotificationQueue).publish(notification)).id;
  };
  const until = (module: TestingModule, id: string, wanted: Record<string, unknown>) =>
    vi.waitFor(async () => {
      const view = await module.get(NotificationQueue).get(id);
      expect(view).toMatchObject(wanted);
      return view;
    }, patience);
  const sent = (text: string) => discord.sent.filter(({ content }) => content === text);
  const time = expect.stringMatching(/Z$/) as string;

  it('confirms what the bot and webhooks wrote where nobody else looks, and shows none of it', async () => {
    const module = await town.start();
    const byBot = await publish(module, { channelId: closedChannel }, 'by the bot');
    const byWebhook = await publish(module, { webhookUrl: webhook.url }, 'by webhook');
    const views = [
      await until(module, byBot, { state: 'delivered', confirmedAt: time }),
      await until(module, byWebhook, { state: 'delivered', confirmedAt: time }),
    ];
    for (const { attempts } of views) expect(attempts).toMatchObject([{ outcome: 'sent' }]);
    expect(town.events.filter(({ type }) => type.startsWith('message.'))).toEqual([]);
  }, 60_000);

  it('confirms direct messages, and settles those whose answer was lost', async () => {
    const module = await town.start();
    const { id: userId } = discord.addUser({ username: 'reader' });
    const direct = await publish(module, { userId }, 'direct');
    const { attempts } = await until(module, direct, { state: 'delivered', confirmedAt: time });
    expect(attempts).toMatchObject([{ outcome: 'sent' }]);
    discord.loseNextAnswer(toChannels);
    const lost = await publish(module, { userId }, 'unheard');
    await until(module, lost, { state: 'delivered', confirmedAt: time });
    expect(sent('unheard')).toHaveLength(1);
  }, 60_000);

  it('takes nothing that people write to the bot for a message of ours, and keeps nothing of it', async () => {
    const module = await town.start({ worker: false });
    const { id: userId } = discord.addUser({ username: 'reader' });
    const id = await publish(module, { userId }, 'not sent yet');
    const [claimed] = await new LeaseRepository(reader).claim(1, 30);
    const sentMessages = module.get(SentMessages);
    const told = [vi.spyOn(sentMessages, 'botWrote'), vi.spyOn(sentMessages, 'webhookWrote')];
    // The nonce of what waits, guessed by the one whom it is for.
    discord.sayToBot({ authorId: userId, content: 'psst', nonce: claimed!.nonce });
    // What the bot writes later is heard of, so that this would be too.
    await module.get(DiscordSender).sendToChannel(channelId, { content: 'later' }, 'n');
    await vi.waitFor(() => expect(told[0]).toHaveBeenCalledTimes(1), patience);
    expect(told[0]).toHaveBeenCalledWith({ messageId: expect.any(String) as string, nonce: 'n' });
    expect(told[1]).not.toHaveBeenCalled();
    expect(await module.get(NotificationQueue).get(id)).toMatchObject({ state: 'leased', confirmedAt: null });
    const client = module.get(Client, { strict: false });
    expect(client.users.cache.has(userId)).toBe(false);
    expect([...client.channels.cache.values()].filter((channel) => channel.isDMBased())).toEqual([]);
    expect(JSON.stringify(town.events)).not.toContain('psst');
  }, 60_000);

  it('is heard by one process of what another sent', async () => {
    const hears = await town.start({ worker: false });
    const sends = await town.start({ gateway: false });
    const id = await publish(sends, { channelId }, 'elsewhere');
    await until(hears, id, { state: 'delivered', confirmedAt: time });
  }, 60_000);

  it('settles what went out by webhook and whose answer was lost', async () => {
    const module = await town.start();
    discord.loseNextAnswer(toWebhooks);
    const id = await publish(module, { webhookUrl: webhook.url }, 'unheard');
    await until(module, id, { state: 'delivered', confirmedAt: time });
    expect(sent('unheard')).toHaveLength(1);
    const [row] = await reader.query<{ message_id: string }[]>('select message_id from notifications');
    expect(row!.message_id).toBe(sent('unheard')[0]!.messageId);
  }, 60_000);

  it('settles what was given up as unknown, once, and by the same words alone', async () => {
    const module = await town.start({ gateway: false });
    discord.loseNextAnswer({ ...toWebhooks, times: 2 });
    const ids: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      ids.push(await publish(module, { webhookUrl: webhook.url }, 'twice'));
      await until(module, ids[n]!, { state: 'unknown' });
    }
    const hears = module.get(SentMessages);
    const echo = (text: string, messageId: string, writtenAt = new Date()) =>
      hears.webhookWrote({
        messageId,
        webhookId: webhook.id,
        channelId: closedChannel,
        print: printOfRendered({ content: text, embeds: [{ title: `${text}!` }] }),
        writtenAt,
      });
    echo('other words', '1');
    echo('twice', '2', new Date(Date.now() + 3_600_000));
    hears.webhookWrote({
      messageId: '3',
      webhookId: '1',
      channelId,
      print: printOfRendered({ content: 'twice' }),
      writtenAt: new Date(),
    });
    echo('twice', '4');
    await until(module, ids[0]!, {
      state: 'delivered',
      confirmedAt: time,
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    });
    expect(await module.get(NotificationQueue).get(ids[1]!)).toMatchObject({ state: 'unknown', confirmedAt: null });
    expect(await reader.query('select message_id from notifications where id = $1', [ids[0]])).toEqual([
      { message_id: '4' },
    ]);
  }, 60_000);

  describe('after a lost answer and an outage that outlives every nonce', () => {
    async function lose(module: TestingModule, target: PublishTarget, text: string): Promise<string> {
      discord.loseNextAnswer(toChannels);
      const id = await publish(module, target, text);
      await vi.waitFor(() => expect(discord.requests.some(({ status }) => status === 0)).toBe(true), patience);
      await discord.goDown();
      return id;
    }
    async function comeBack(): Promise<void> {
      await passTime(reader, tenMinutes);
      discord.forgetNonces();
      await discord.comeBack();
    }
    const waits = (id: string) =>
      vi.waitFor(async () => {
        const [row] = await reader.query<{ state: string; maybe_sent_at: Date | null }[]>(
          'select state, maybe_sent_at from notifications where id = $1',
          [id],
        );
        expect(row).toMatchObject({ state: 'pending' });
        expect(row!.maybe_sent_at).not.toBeNull();
      }, patience);

    it('is not sent again: Discord had told of it', async () => {
      const module = await town.start();
      const id = await lose(module, { channelId: closedChannel }, 'echoed');
      await until(module, id, { state: 'delivered', confirmedAt: time });
      await comeBack();
      await until(module, await publish(module, { channelId }, 'next'), { state: 'delivered' });
      expect(sent('echoed')).toHaveLength(1);
    }, 60_000);

    it.each(['channel', 'user'] as const)(
      'is found in the %s before it is sent again',
      async (kind) => {
        const module = await town.start({ gateway: false });
        const target = kind === 'channel' ? { channelId } : { userId: discord.addUser({ username: 'reader' }).id };
        const id = await lose(module, target, 'looked up');
        await waits(id);
        await comeBack();
        const { attempts } = await until(module, id, { state: 'delivered' });
        expect(attempts.at(-1)).toMatchObject({ outcome: 'sent', reason: 'an earlier try had arrived' });
        expect(sent('looked up')).toHaveLength(1);
        const asked = discord.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('/messages'));
        expect(asked).toHaveLength(1);
      },
      60_000,
    );

    it('is sent again when it is not there', async () => {
      const module = await town.start({ gateway: false });
      const before = await publish(module, { channelId }, 'before');
      await until(module, before, { state: 'delivered' });
      discord.leaveNextUnanswered({ ...toChannels, times: 2 });
      const id = await publish(module, { channelId }, 'swallowed');
      await vi.waitFor(
        () => expect(discord.requests.filter(({ status }) => status === 0).length).toBeGreaterThan(0),
        patience,
      );
      await discord.goDown();
      await waits(id);
      await comeBack();
      const { attempts } = await until(module, id, { state: 'delivered' });
      expect(attempts.at(-1)).toEqual({ attempt: 1, at: time, outcome: 'sent' });
      expect(sent('swallowed')).toHaveLength(1);
    }, 60_000);

    it('is sent again where the bot may not read, with a word about that', async () => {
      const module = await town.start({ gateway: false });
      const guild = discord.addGuild({ name: 'Deaf', botPermissions: 0n });
      const deaf = guild.addChannel({
        name: 'deaf',
        overwrites: [{ id: discord.botUser.id, type: 1, allow: '0', deny: String(permissions.readMessageHistory) }],
      }).id;
      const id = await lose(module, { channelId: deaf }, 'maybe twice');
      await waits(id);
      await comeBack();
      const { attempts } = await until(module, id, { state: 'delivered' });
      expect(attempts.at(-1)?.reason).toMatch(/^may be a repetition/);
      expect(sent('maybe twice')).toHaveLength(2);
    }, 60_000);

    it('asks nothing while Discord still knows the nonce', async () => {
      const module = await town.start({ gateway: false });
      const id = await lose(module, { channelId }, 'soon');
      await waits(id);
      await discord.comeBack();
      await until(module, id, { state: 'delivered' });
      expect(sent('soon')).toHaveLength(1);
      expect(discord.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('/messages'))).toEqual([]);
    }, 60_000);
  });

  it.each([
    ['nobody knows', { state: 'unknown', outcome: 'unknown' }],
    ['it is to be tried again', { state: 'pending', outcome: 'postponed', delay: 60 }],
    ['it is to go elsewhere', { state: 'dead', outcome: 'refused', fallsBack: true }],
    ['it is given back', undefined],
  ] as const)('is the last word on what is under way, though %s', async (_why, settlement) => {
    const observer = await town.start({ gateway: false, worker: false });
    const notification = { publisher: 't', target: { channelId }, fallback: { channelId: closedChannel } };
    const { id } = await observer.get(NotificationQueue).publish({ ...notification, message: { content: 'x' } });
    const leases = new LeaseRepository(reader);
    const [claimed] = await leases.claim(1, 30);
    observer.get(SentMessages).botWrote({ messageId: '7', nonce: claimed!.nonce });
    await until(observer, id, { state: 'leased', confirmedAt: time });
    if (settlement) expect(await leases.settle(claimed!, settlement)).toMatchObject({ state: 'delivered' });
    else await leases.giveBack([claimed!]);
    await until(observer, id, { state: 'delivered', target: { channelId }, fallback: null, deliveredAt: time });
    expect(await reader.query('select message_id from notifications')).toEqual([{ message_id: '7' }]);
  });

  it('is enough: what a process had sent that died is not even looked for', async () => {
    const observer = await town.start({ gateway: false, worker: false });
    const id = await publish(observer, { channelId }, 'told of');
    const [claimed] = await new LeaseRepository(reader).claim(1, 30);
    observer.get(SentMessages).botWrote({ messageId: '7', nonce: claimed!.nonce });
    await until(observer, id, { state: 'leased', confirmedAt: time });
    await passTime(reader, tenMinutes);
    await until(await town.start({ gateway: false }), id, { state: 'delivered' });
    expect(discord.requests.filter(({ path }) => path.endsWith('/messages'))).toEqual([]);
  }, 60_000);

  it('finds what a process had sent that died with it, long ago', async () => {
    const observer = await town.start({ gateway: false, worker: false });
    const id = await publish(observer, { channelId }, 'orphan');
    const leases = new LeaseRepository(reader);
    const [claimed] = await leases.claim(1, 30);
    const { nonce, message } = claimed!;
    await observer.get(DiscordSender).sendToChannel(channelId, message!, nonce);
    await passTime(reader, tenMinutes);
    discord.forgetNonces();
    const module = await town.start({ gateway: false });
    await until(module, id, { state: 'delivered' });
    expect(sent('orphan')).toHaveLength(1);
  }, 60_000);
});
