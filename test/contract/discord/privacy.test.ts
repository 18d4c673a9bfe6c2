import { PermissionFlagsBits } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DiscordBench } from './discord-bench.js';

describe('what leaves Discord', () => {
  let bench: DiscordBench;

  beforeAll(async () => {
    bench = await DiscordBench.open();
    await bench.app.status.settled();
  });
  afterAll(() => bench.close());
  beforeEach(() => {
    bench.app.events.length = 0;
  });

  it('marks what the bot and other bots write', async () => {
    const { app, discord, place } = bench;
    const say = (authorId: string) =>
      place.guild.say({ channelId: place.general.id, authorId, content: `by ${authorId}` });
    for (const id of [discord.botUser.id, place.robot.id, place.ada.id]) say(id);
    await app.waitFor('message.created', ({ data }) => data.author.id === place.ada.id);
    expect(app.of('message.created').map(({ data }) => data.author.bot)).toEqual([true, true, false]);
    expect(bench.entry(discord.botUser.id)).toMatchObject({ bot: true });
  });

  it('follows a channel: opened it is heard, closed by a role’s own word for everyone it is not', async () => {
    const { app, place } = bench;
    const { guild, ada } = place;
    const view = PermissionFlagsBits.ViewChannel;
    const channel = guild.addChannel({ name: 'lounge', overwrites: [{ id: guild.id, type: 0, deny: view }] });
    const say = (content: string) => guild.say({ channelId: channel.id, authorId: ada.id, content });
    say('closed');
    guild.updateChannel(channel.id, { overwrites: [] });
    say('open');
    guild.updateRole(guild.id, { permissions: 0n });
    say('closed for all');
    guild.updateRole(guild.id, { permissions: view });
    guild.updateChannel(channel.id, { nsfw: true });
    say('of age');
    guild.updateChannel(channel.id, { nsfw: false });
    say('open again');
    await app.waitFor('message.created', ({ data }) => data.content === 'open again');
    expect(app.of('message.created').map(({ data }) => data.content)).toEqual(['open', 'open again']);
  });

  it('keeps private what was written in a private channel while the connection was lost', async () => {
    const { app, discord, place } = bench;
    const { guild, ada, general } = place;
    const channel = guild.addChannel({ name: 'den' });
    await app.waitForState('ready');
    discord.pauseReplays(100);
    const lost = app.waitForState('connecting');
    discord.dropSessions();
    await lost;
    guild.updateChannel(channel.id, {
      overwrites: [{ id: guild.id, type: 0, deny: PermissionFlagsBits.ViewChannel }],
    });
    guild.say({ channelId: channel.id, authorId: ada.id, content: 'unheard' });
    guild.updateChannel(channel.id, { overwrites: [] });
    guild.say({ channelId: general.id, authorId: ada.id, content: 'after' });
    await app.waitFor('message.created', ({ data }) => data.content === 'after');
    expect(JSON.stringify(app.events)).not.toContain('unheard');
  });
});
