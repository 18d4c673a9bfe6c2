import { describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp, deadline } from '../../integration/discord/discord-app.js';
import { settings, token, town } from '../../integration/discord/discord-town.js';
import { MoodyGateway } from '../../integration/discord/moody-gateway.js';
import { DiscordBench } from './discord-bench.js';

const kinds = (discord: FakeDiscord): string[] => discord.sessionStarts.map(({ kind }) => kind);

describe.concurrent('the login', () => {
  it('is over when every guild has come, not when Discord greets', async () => {
    const bench = await DiscordBench.open({
      prepare: (discord) => discord.addGuild({ id: '700000000000000001', name: 'Village' }).setUnavailable(),
    });
    const { discord, app, place } = bench;
    try {
      // What has come is shown meanwhile.
      await app.waitFor('guild.updated', ({ guildId }) => guildId === place.guild.id);
      expect(app.status.current().state).toBe('connecting');
      expect(bench.snapshot.members).toHaveLength(4);
      discord.guild('700000000000000001')!.setAvailable();
      await app.status.settled();
      expect(app.status.current().state).toBe('ready');
      expect(app.guilds.list().map(({ name }) => name)).toEqual(['Town', 'Village']);
    } finally {
      await bench.close();
    }
  });

  it.each([
    ['500', { status: 500 }],
    ['503 of something before Discord', { status: 503, headers: { 'Content-Type': 'text/html' }, body: '<html>' }],
    ['403 without a code of Discord’s', { status: 403, body: { message: 'Access denied' } }],
    ['429', { status: 429 }],
    ['an answer that is none', { status: 200, body: {} }],
    ['an unknown gateway', { status: 200, body: { url: 'ws://127.0.0.1:1', shards: 1, session_start_limit: {} } }],
  ])('is tried again after %s', { timeout: 90_000 }, async (_, refusal) => {
    const bench = await DiscordBench.open({
      prepare: (discord) => discord.refuseNext({ path: '/gateway/bot', times: 2, ...refusal }),
    });
    const { discord, app } = bench;
    try {
      await app.status.settled();
      expect(app.status.current()).toEqual({ state: 'ready', missingIntents: [] });
      expect(discord.requests.filter(({ path }) => path === '/gateway/bot').length).toBeGreaterThanOrEqual(3);
    } finally {
      await bench.close();
    }
  });

  it('hears of direct messages where that confirms notifications, also without other intents, and tells nobody', async () => {
    const discord = await FakeDiscord.start({ token, intents: { presences: false } });
    const { ada, guild, general } = town(discord);
    const app = await DiscordApp.start(settings(discord), { directs: true });
    try {
      await app.status.settled();
      const session = discord.sessions.at(-1)!;
      expect(session.intents).toBe(1 | (1 << 1) | (1 << 7) | (1 << 9) | (1 << 11) | (1 << 12) | (1 << 15));
      const { id } = discord.sayToBot({ authorId: ada.id, content: 'psst' });
      guild.talk.edit(id, 'psst again');
      guild.talk.delete(id);
      guild.say({ channelId: general.id, authorId: ada.id, content: 'loud' });
      await app.waitFor('message.created');
      const told = app.events.map(({ type }) => type).filter((type) => /^(message|typing)/.test(type));
      expect(told).toEqual(['message.created']);
      expect(JSON.stringify(app.events)).not.toContain('psst');
    } finally {
      await app.close();
      await discord.stop();
    }
  });

  it('asks for 250 offline members and no direct messages, and registers no command', async () => {
    const bench = await DiscordBench.open();
    const { discord, app, place } = bench;
    try {
      await app.status.settled();
      const session = discord.sessions[0]!;
      expect(session.largeThreshold).toBe(250);
      expect(session.intents).toBe(1 | (1 << 1) | (1 << 7) | (1 << 8) | (1 << 9) | (1 << 11) | (1 << 15));
      discord.sayToBot({ authorId: place.ada.id, content: 'psst' });
      place.guild.say({ channelId: place.general.id, authorId: place.ada.id, content: 'loud' });
      await app.waitFor('message.created');
      expect(JSON.stringify(app.events)).not.toContain('psst');
      expect(discord.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /gateway/bot']);
      expect(discord.commands()).toEqual([]);
    } finally {
      await bench.close();
    }
  });

  it('learns the gateway from the one address it is given, and where to resume from READY', async () => {
    const discord = await FakeDiscord.start({ token });
    const { guild, ada } = town(discord);
    const gateway = await MoodyGateway.start(discord.apiUrl);
    const app = await DiscordApp.start({ ...settings(discord), DISCORD_API_URL: gateway.apiUrl });
    try {
      await app.status.settled();
      expect(gateway.upgrades).toBe(1);
      discord.dropSessions();
      await vi.waitFor(() => expect(kinds(discord)).toEqual(['identify', 'resume']), { timeout: deadline });
      guild.setPresence(ada.id, 'dnd');
      await app.waitFor('presence.updated', ({ data }) => data.status === 'dnd');
      // READY named the Discord behind as the place to resume.
      expect(gateway.upgrades).toBe(1);
    } finally {
      await app.close();
      await gateway.stop();
      await discord.stop();
    }
  });
});
