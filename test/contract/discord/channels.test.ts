import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Mentions, type RenderedMessage } from '../../../src/domain/notification.js';
import { permissions } from '../../../src/testing/fake-discord/index.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { DiscordBench } from './discord-bench.js';

const message: RenderedMessage = {
  content: 'news',
  embeds: [
    { author: 'db1', title: 'Backup', fields: [{ name: 'host', value: 'db1' }], footer: 'nightly' },
    { title: 'More' },
  ],
};

describe('a message into a channel', () => {
  let bench: DiscordBench;
  let channelId: string;
  beforeAll(async () => {
    bench = await DiscordBench.open();
    await bench.app.status.settled();
  });
  beforeEach(() => {
    channelId = bench.place.guild.addChannel({ name: 'news' }).id;
  });
  afterAll(() => bench.close());

  const sentThere = (id = channelId) => bench.discord.sent.filter((sent) => sent.channelId === id);

  async function read(id: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${bench.discord.apiUrl}/v10/channels/${channelId}/messages/${id}`, {
      headers: { authorization: `Bot ${bench.discord.token}` },
    });
    return (await response.json()) as Record<string, unknown>;
  }

  it('is there whole, and once for each nonce', async () => {
    const outcome = await bench.app.sender.sendToChannel(channelId, message, 'whole');
    expect(outcome).toMatchObject({ kind: 'sent' });
    expect(await bench.app.sender.sendToChannel(channelId, message, 'whole')).toEqual(outcome);
    expect(sentThere()).toMatchObject([
      {
        content: 'news',
        nonce: 'whole',
        enforceNonce: true,
        embeds: [
          {
            author: { name: 'db1' },
            title: 'Backup',
            fields: [{ name: 'host', value: 'db1' }],
            footer: { text: 'nightly' },
          },
          { title: 'More' },
        ],
      },
    ]);
  });

  it('is one message after a lost answer', async () => {
    bench.discord.loseNextAnswer({ path: `/channels/${channelId}/messages` });
    expect(await bench.app.sender.sendToChannel(channelId, message, 'lost')).toMatchObject({
      kind: 'retry',
      burnsAttempt: false,
    });
    const [first] = sentThere();
    expect(await bench.app.sender.sendToChannel(channelId, message, 'lost')).toEqual({
      kind: 'sent',
      messageId: first!.messageId,
    });
    expect(sentThere()).toHaveLength(1);
  });

  it('goes into a thread too', async () => {
    const thread = bench.place.guild.addChannel({ name: 'talk', type: 11, parentId: channelId });
    expect(await bench.app.sender.sendToChannel(thread.id, message, 'thread')).toMatchObject({ kind: 'sent' });
    expect(sentThere(thread.id)).toHaveLength(1);
  });

  it('is refused for good where the bot may not write or see, and where nothing is', async () => {
    const guild = bench.discord.addGuild({ name: 'Strict', botPermissions: 0n });
    const deny = (bits: bigint) => [{ id: guild.id, type: 0 as const, deny: bits }];
    const mute = guild.addChannel({ name: 'mute', overwrites: deny(permissions.sendMessages) }).id;
    const hidden = guild.addChannel({ name: 'hidden', overwrites: deny(permissions.viewChannel) }).id;
    const reason = async (id: string) => {
      const outcome = await bench.app.sender.sendToChannel(id, message, `no-${id.slice(-20)}`);
      return outcome.kind === 'permanent' ? outcome.reason : outcome;
    };
    expect(await reason(mute)).toBe('The bot may not write there.');
    expect(await reason(hidden)).toBe('The bot has no access there.');
    expect(await reason('123456789012345678')).toBe('Discord knows no such channel.');
  });

  it('rings nobody, unless its sender says whom it may', async () => {
    const { ada } = bench.place;
    const ringing = { content: `@everyone <@${ada.id}>` };
    const rung = async (nonce: string, mentions?: Mentions) => {
      const outcome = await bench.app.sender.sendToChannel(channelId, ringing, nonce, mentions);
      if (outcome.kind !== 'sent') throw new Error(outcome.reason);
      const { mentions: people, mention_everyone: everyone } = await read(outcome.messageId);
      return { people: (people as { id: string }[]).map(({ id }) => id), everyone };
    };
    expect(await rung('quiet')).toEqual({ people: [], everyone: false });
    expect(await rung('users', { users: [ada.id] })).toEqual({ people: [ada.id], everyone: false });
    expect(await rung('others', { users: ['123456789012345678'], roles: ['1234567890123456'] })).toEqual({
      people: [],
      everyone: false,
    });
    expect(await rung('all', { users: [ada.id], everyone: true })).toEqual({ people: [ada.id], everyone: true });
    expect(sentThere().map(({ allowedMentions }) => allowedMentions)).toEqual([
      { parse: [] },
      { parse: [], users: [ada.id] },
      { parse: [], users: ['123456789012345678'], roles: ['1234567890123456'] },
      { parse: ['everyone'], users: [ada.id] },
    ]);
  });

  it('can be replaced, also when the answer is lost, and what the new one has not is gone', async () => {
    const outcome = await bench.app.sender.sendToChannel(channelId, message, 'board');
    if (outcome.kind !== 'sent') throw new Error(outcome.reason);
    const place = { channelId, messageId: outcome.messageId };
    const next = { embeds: [{ title: '@everyone is here' }] };
    bench.discord.loseNextAnswer({ method: 'PATCH', path: /\/messages\// });
    expect(await bench.app.sender.editInChannel(place, next)).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(await bench.app.sender.editInChannel(place, next)).toEqual(outcome);
    expect(await read(outcome.messageId)).toMatchObject({ content: '', embeds: [{ title: '@everyone is here' }] });
    expect(sentThere()).toHaveLength(1);
    expect(await bench.app.sender.editInChannel({ ...place, messageId: '100000000000000001' }, next)).toEqual({
      kind: 'permanent',
      about: 'message',
      reason: 'Discord knows no such message.',
      gone: true,
    });
    expect(await bench.app.sender.editInChannel(place, { content: ' ' })).toMatchObject({ kind: 'permanent' });
  });

  it.each(['user', 'shared', 'global'])('waits as long as a 429 of scope %s says', async (scope) => {
    const headers = { 'Retry-After': '40', 'X-RateLimit-Scope': scope };
    bench.discord.refuseNext({ path: `/channels/${channelId}/messages`, status: 429, headers });
    const outcome = await bench.app.sender.sendToChannel(channelId, message, `limit-${scope}`);
    expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: false, reason: 'Discord asks for a pause.' });
    const { retryAfterMs } = outcome as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThanOrEqual(40_000);
    expect(retryAfterMs).toBeLessThan(41_000);
  });

  it('waits for an outage to pass, and is there then', async () => {
    await bench.discord.goDown();
    expect(await bench.app.sender.sendToChannel(channelId, message, 'outage')).toMatchObject({
      kind: 'retry',
      burnsAttempt: false,
      reason: expect.stringContaining('cannot be reached') as string,
    });
    await bench.discord.comeBack();
    await vi.waitFor(
      async () => {
        const outcome = await bench.app.sender.sendToChannel(channelId, message, 'outage');
        expect(outcome).toMatchObject({ kind: 'sent' });
      },
      { timeout: deadline },
    );
    expect(sentThere()).toHaveLength(1);
  });
});
