import { type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MessageLookup } from '../../../src/discord/message-lookup.js';
import { FakeDiscord, type FakeGuild, permissions } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp } from './discord-app.js';
import { settings, token } from './discord-town.js';

describe('a message that may have been sent', () => {
  let discord: FakeDiscord;
  let app: DiscordApp;
  let lookup: MessageLookup;
  let guild: FakeGuild;
  let author: string;
  let channelId: string;

  beforeAll(async () => {
    discord = await FakeDiscord.start({ token });
    guild = discord.addGuild({ name: 'Town', botPermissions: 0n });
    author = guild.addMember({ username: 'ada' }).id;
    app = await DiscordApp.start(settings(discord), { gateway: false });
    lookup = (app as unknown as { module: TestingModule }).module.get(MessageLookup);
  });
  afterAll(async () => {
    await app.close();
    await discord.stop();
  });
  beforeEach(() => {
    channelId = guild.addChannel({ name: 'general' }).id;
  });

  const message = (text: string) => ({
    content: `  ${text} `,
    embeds: [
      { title: 't'.repeat(400), fields: [{ name: '', value: 'v' }], footer: 'f', timestamp: new Date().toISOString() },
    ],
  });
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
  const asked = () =>
    discord.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('/messages')).length;
  const send = async (text: string) => {
    const outcome = await app.sender.sendToChannel(channelId, message(text), `n${text}`);
    return (outcome as { messageId: string }).messageId;
  };

  it('is found by what it says, as Discord shows it', async () => {
    const messageId = await send('news');
    expect(await lookup.find({ channelId }, message('news'), ago(600))).toEqual({ kind: 'found', messageId });
    expect(await lookup.find({ channelId }, message('other news'), ago(600))).toEqual({ kind: 'absent' });
  });

  it('is neither somebody else’s of the same words, nor a webhook’s', async () => {
    guild.say({ channelId, authorId: author, content: 'same' });
    const { id, token: secret } = discord.webhooks.add(channelId, 'Herald');
    await app.webhooks.send({ id, token: secret }, { content: 'same' });
    expect(await lookup.find({ channelId }, { content: 'same' }, ago(600))).toEqual({ kind: 'absent' });
  });

  it('is not looked for among what was written before', async () => {
    await send('old');
    expect(await lookup.find({ channelId }, message('old'), ago(-120))).toEqual({ kind: 'unclear' });
  });

  it('is found behind many others, and given up when they are too many', async () => {
    const say = (count: number) => {
      for (let n = 0; n < count; n += 1) guild.say({ channelId, authorId: author, content: `chatter ${n}` });
    };
    say(150);
    const messageId = await send('late');
    const before = asked();
    expect(await lookup.find({ channelId }, message('late'), ago(600))).toEqual({ kind: 'found', messageId });
    expect(asked() - before).toBe(2);
    say(200);
    expect(await lookup.find({ channelId }, message('never'), ago(600))).toEqual({ kind: 'unclear' });
    expect(asked() - before).toBe(5);
  });

  it('cannot be seen where the bot may not read, or not look at all', async () => {
    const overwrites = (deny: bigint) => [{ id: discord.botUser.id, type: 1 as const, allow: '0', deny: String(deny) }];
    const deaf = guild.addChannel({ name: 'deaf', overwrites: overwrites(permissions.readMessageHistory) }).id;
    const closed = guild.addChannel({ name: 'closed', overwrites: overwrites(permissions.viewChannel) }).id;
    for (const place of [deaf, closed, '100000000000000009']) {
      expect(await lookup.find({ channelId: place }, message('x'), ago(600)), place).toEqual({ kind: 'unclear' });
    }
  });

  it('is asked for later while Discord is away', async () => {
    discord.refuseNext({ method: 'GET', path: /messages$/, status: 503, times: 2 });
    expect(await lookup.find({ channelId }, message('x'), ago(600))).toMatchObject({ kind: 'later' });
    discord.refuseNext({ method: 'GET', path: /messages$/, status: 429, headers: { 'Retry-After': '30' } });
    expect(await lookup.find({ channelId }, message('x'), ago(600))).toMatchObject({
      kind: 'later',
      retryAfterMs: expect.any(Number) as number,
    });
  });

  it.each([
    ['its answer was lost', () => discord.loseNextAnswer({ path: /messages$/ }), true],
    ['Discord failed amid it', () => discord.refuseNext({ path: /messages$/, status: 500, times: 2 }), true],
    [
      'Discord answered that it could not',
      () => discord.refuseNext({ path: /messages$/, status: 503, times: 2 }),
      undefined,
    ],
    [
      'Discord asked for a pause',
      () => discord.refuseNext({ path: /messages$/, status: 429, headers: { 'Retry-After': '30' } }),
      undefined,
    ],
  ])('is one of which the sender says so: %s', async (_why, mishap, doubt) => {
    for (const to of ['channel', 'user'] as const) {
      const { id: userId } = discord.addUser({ username: 'reader' });
      channelId = guild.addChannel({ name: 'fresh' }).id;
      mishap();
      const outcome =
        to === 'channel'
          ? await app.sender.sendToChannel(channelId, message('x'), `a${userId}`.slice(0, 25))
          : await app.sender.sendToUser(userId, message('x'), `b${userId}`.slice(0, 25));
      expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: false });
      expect((outcome as { mayHaveArrived?: true }).mayHaveArrived).toBe(doubt);
    }
  });

  it('is none when nobody listened', async () => {
    await discord.goDown();
    // A connection that was kept may be closed by its peer while a message is on its way: that one is not sure.
    await app.sender.sendToChannel(channelId, message('x'), 'kept');
    const outcome = await app.sender.sendToChannel(channelId, message('x'), 'away');
    await discord.comeBack();
    expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect('mayHaveArrived' in outcome).toBe(false);
  });
});
