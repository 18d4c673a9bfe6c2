import { describe, expect, it } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp, logs } from './discord-app.js';
import { settings, token, town } from './discord-town.js';

// Concurrent: an IDENTIFY waits for 5 s after the one before.
describe.concurrent('refusals', () => {
  it('stops at a wrong token and says what to do', async () => {
    const discord = await FakeDiscord.start({ token: 'another' });
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.status.settled();
      expect(app.status.current()).toEqual({
        state: 'refused',
        detail:
          'Discord refused the token in DISCORD_TOKEN. Make a new one in the developer portal under Bot → Reset Token.',
        missingIntents: [],
      });
      expect(discord.requests).toHaveLength(1);
      expect(logs.join('\n')).toContain('Reset Token');
      expect(logs.join('\n')).not.toContain('secret-token');
    } finally {
      await app.close();
      await discord.stop();
    }
  });

  it('stops when the token is taken back while it runs', async () => {
    const discord = await FakeDiscord.start({ token });
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.status.settled();
      discord.dropSessions({ code: 4004 });
      await app.waitForState('refused');
      expect(app.status.current().detail).toContain('Reset Token');
    } finally {
      await app.close();
      await discord.stop();
    }
  });

  it('does without the intents that Discord does not allow', async () => {
    const discord = await FakeDiscord.start({
      token,
      intents: { presences: false, members: false, messageContent: false },
    });
    const { guild, general, ada } = town(discord);
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.status.settled();
      const { state, detail, missingIntents } = app.status.current();
      expect(state).toBe('ready');
      expect(detail).toContain('Privileged Gateway Intents');
      expect(missingIntents).toEqual(['members', 'presences', 'message-content']);
      expect(app.guilds.snapshot(guild.id)?.partial).toEqual([
        'intent:members',
        'intent:presences',
        'intent:message-content',
        'members',
      ]);
      guild.say({ channelId: general.id, authorId: ada.id, content: 'unreadable' });
      expect((await app.waitFor('message.created')).data.content).toBe('');
    } finally {
      await app.close();
      await discord.stop();
    }
  });

  it('goes on without intents that are taken back while it runs', async () => {
    const discord = await FakeDiscord.start({ token });
    const { guild } = town(discord);
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.status.settled();
      expect(app.guilds.snapshot(guild.id)?.partial).toEqual([]);
      discord.dropSessions({ code: 4014, resumable: false });
      await app.waitForState('connecting');
      await app.waitForState('ready');
      expect(app.status.current().missingIntents).toContain('presences');
      expect(app.guilds.snapshot(guild.id)?.partial).toContain('intent:presences');
    } finally {
      await app.close();
      await discord.stop();
    }
  });
});
