import { describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { settings, token, town } from '../../integration/discord/discord-town.js';
import { SocketIoClient } from '../../support/socket-io-client.js';
import { startTestApp } from '../../support/test-app.js';
import { DiscordBench } from './discord-bench.js';

describe.concurrent('an intent that Discord does not allow', () => {
  it('presences: nobody is online, and everything else works', async () => {
    const bench = await DiscordBench.open({ discord: { intents: { presences: false } } });
    const { app, place } = bench;
    try {
      await app.status.settled();
      expect(app.status.current()).toMatchObject({ state: 'ready', missingIntents: ['presences'] });
      expect(app.status.current().detail).toContain('switch on Presence Intent in the developer portal');
      // Without presences the guild brings the bot alone: the others are asked for.
      await vi.waitFor(() => expect(bench.snapshot.members).toHaveLength(4), { timeout: deadline });
      expect(bench.snapshot.partial).toEqual(['intent:presences']);
      expect(bench.entry(place.ada.id)).toMatchObject({ displayName: 'Countess', status: 'offline', activities: [] });
      place.guild.setPresence(place.ada.id, 'dnd');
      place.guild.say({ channelId: place.general.id, authorId: place.ada.id, content: 'readable' });
      expect((await app.waitFor('message.created')).data.content).toBe('readable');
      expect(app.of('presence.updated')).toEqual([]);
    } finally {
      await bench.close();
    }
  });

  it('members: nobody joins or leaves; who comes online is asked for, with nickname and roles', async () => {
    const bench = await DiscordBench.open({ discord: { intents: { members: false } } });
    const { app, place, discord } = bench;
    try {
      await app.status.settled();
      expect(app.status.current()).toMatchObject({ state: 'ready', missingIntents: ['members'] });
      expect(bench.snapshot.partial).toEqual(['intent:members']);
      expect(discord.memberRequests).toEqual([]);
      const { user } = place.guild.addMember({ username: 'cora', nick: 'Cora C.', roles: [place.red.id] });
      place.guild.removeMember(place.bob.id);
      place.guild.setPresence(user.id, 'dnd');
      const told = await app.waitFor('member.joined', ({ data }) => data.member.id === user.id);
      expect(told.data.member).toMatchObject({ displayName: 'Cora C.', roleColor: '#ff0000', status: 'dnd' });
      expect(bench.entry(user.id)).toMatchObject({ roleIds: [place.red.id] });
      expect(app.of('member.left')).toEqual([]);
      expect(discord.memberRequests).toMatchObject([{ userIds: [user.id] }]);
    } finally {
      await bench.close();
    }
  });

  it('message content: messages come without their texts, but for those that mention the bot', async () => {
    const bench = await DiscordBench.open({ discord: { intents: { messageContent: false } } });
    const { app, place, discord } = bench;
    try {
      await app.status.settled();
      expect(app.status.current()).toMatchObject({ state: 'ready', missingIntents: ['message-content'] });
      expect(bench.snapshot.partial).toEqual(['intent:message-content']);
      expect(bench.snapshot.members).toHaveLength(4);
      const say = (content: string) =>
        place.guild.say({ channelId: place.general.id, authorId: place.ada.id, content }).id;
      const ids = [say('unreadable'), say(`hello <@${discord.botUser.id}>`)];
      await app.waitFor('message.created', ({ data }) => data.id === ids[1]);
      expect(app.of('message.created').map(({ data }) => data.content)).toEqual(['', 'hello @Guildcast']);
    } finally {
      await bench.close();
    }
  });

  it('is done without when it is taken back while the session runs, and the others are kept', async () => {
    const bench = await DiscordBench.open();
    const { app, discord, place } = bench;
    try {
      await app.status.settled();
      discord.allowIntents({ presences: false });
      discord.dropSessions({ code: 4014, resumable: false });
      await vi.waitFor(() => expect(app.status.current()).toMatchObject({ missingIntents: ['presences'] }), {
        timeout: deadline,
      });
      await app.waitForState('ready');
      // Nobody can be seen any more, so nobody is shown as online.
      await vi.waitFor(() => expect(bench.entry(place.ada.id)).toMatchObject({ status: 'offline' }), {
        timeout: deadline,
      });
      expect(bench.snapshot.members).toHaveLength(4);
      // Without presences Discord tells of its members only when asked.
      await vi.waitFor(() => expect(bench.snapshot.partial).toEqual(['intent:presences']), { timeout: deadline });
    } finally {
      await bench.close();
    }
  });

  it('is named by the health check, in the snapshot of every visitor, and starts nothing over', async () => {
    const discord = await FakeDiscord.start({ token, intents: { messageContent: false } });
    const place = town(discord);
    const guildcast = await startTestApp(settings(discord));
    try {
      await vi.waitFor(
        async () => {
          const response = await fetch(`${guildcast.url}/readyz`);
          expect(response.status).toBe(200);
          expect(await response.json()).toMatchObject({
            checks: { discord: { state: 'degraded', detail: 'missing intents: message-content' } },
          });
        },
        { timeout: deadline },
      );
      const visitor = await SocketIoClient.open(guildcast.url);
      const { snapshot } = await visitor.ask('join', { guildId: place.guild.id });
      expect(snapshot?.partial).toEqual(['intent:message-content']);
      visitor.close();
    } finally {
      await guildcast.close();
      await discord.stop();
    }
  });
});
