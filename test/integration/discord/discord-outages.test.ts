import { describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp, deadline, logs } from './discord-app.js';
import { MoodyGateway } from './moody-gateway.js';
import { settings, token, town } from './discord-town.js';

// Concurrent: an IDENTIFY waits for 5 s after the one before.
describe.concurrent('outages', () => {
  it('starts without Discord and is there when Discord comes', async () => {
    const discord = await FakeDiscord.start({ token });
    const place = town(discord);
    await discord.goDown();
    const app = await DiscordApp.start(settings(discord));
    try {
      expect(app.status.current().state).toBe('connecting');
      expect(app.guilds.list()).toEqual([]);
      expect(await app.sender.sendToUser(place.ada.id, { content: 'x' }, 'n1')).toMatchObject({
        kind: 'retry',
        burnsAttempt: false,
      });
      await vi.waitFor(() => expect(app.status.current().detail).toContain('cannot be reached'), { timeout: deadline });
      await discord.comeBack();
      await app.status.settled();
      expect(app.guilds.snapshot(place.guild.id)?.members).toHaveLength(4);
      expect(await app.sender.sendToUser(place.ada.id, { content: 'x' }, 'n1')).toMatchObject({ kind: 'sent' });
    } finally {
      await app.close();
      await discord.stop();
    }
    expect(logs.join('\n')).toContain('cannot be reached');
    expect(logs.join('\n')).not.toContain('secret-token');
  });

  it('catches up with what happened in an outage, whether the session survives it or not', async () => {
    const discord = await FakeDiscord.start({ token });
    const { guild, ada, bob, robot } = town(discord);
    const doomed = discord.addGuild({ name: 'Doomed' });
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.status.settled();
      app.events.length = 0;

      await discord.goDown();
      await app.waitForState('connecting');
      guild.setPresence(robot.id, 'offline');
      await discord.comeBack();
      await app.waitFor('presence.updated', ({ data }) => data.member.id === robot.id && data.status === 'offline');
      await app.waitForState('ready');
      app.events.length = 0;

      await discord.goDown();
      discord.dropSessions({ resumable: false });
      guild.setPresence(ada.id, 'offline');
      guild.removeMember(bob.id);
      const cora = guild.addMember({ username: 'cora', status: 'idle' }).user;
      guild.updateMember(robot.id, { nick: 'R2' });
      discord.removeGuild(doomed.id);
      await discord.comeBack();
      const offline = await app.waitFor('presence.updated', ({ data }) => data.member.id === ada.id);
      expect(offline.data).toMatchObject({ status: 'offline', previous: 'online', activities: [] });
      await app.waitFor('member.left', ({ data }) => data.member.id === bob.id);
      const joined = await app.waitFor('member.joined', ({ data }) => data.member.id === cora.id);
      expect(joined.data.member.status).toBe('idle');
      const renamed = await app.waitFor('member.updated', ({ data }) => data.member.id === robot.id);
      expect(renamed.data.previous).toEqual({ displayName: 'robot' });
      await app.waitFor('guild.removed', ({ guildId }) => guildId === doomed.id);
      expect(app.guilds.list().map(({ id }) => id)).toEqual([guild.id]);
      await app.waitForState('ready');
      expect(app.events).toHaveLength(5);

      const people = app.guilds.snapshot(guild.id)!.members.map(({ username, status }) => `${username} ${status}`);
      expect(people).toEqual(expect.arrayContaining(['ada offline', 'cora idle', 'robot offline']));
    } finally {
      await app.close();
      await discord.stop();
    }
  });

  it('keeps one session through logins that fail at the gateway', async () => {
    const discord = await FakeDiscord.start({ token });
    const gateway = await MoodyGateway.start(discord.apiUrl);
    gateway.mood = 'refuse';
    const app = await DiscordApp.start({ ...settings(discord), DISCORD_API_URL: gateway.apiUrl });
    try {
      await vi.waitFor(() => expect(gateway.upgrades).toBeGreaterThanOrEqual(2), { timeout: deadline });
      expect(app.status.current().state).toBe('connecting');
      gateway.mood = 'pass';
      await app.status.settled();
      expect(app.status.current().state).toBe('ready');
      const before = gateway.upgrades;
      const { guild, ada } = town(discord);
      await app.waitFor('guild.updated', ({ guildId }) => guildId === guild.id);
      guild.setPresence(ada.id, 'dnd');
      await app.waitFor('presence.updated', ({ data }) => data.status === 'dnd');
      expect(discord.sessions).toHaveLength(1);
      expect(gateway.upgrades).toBe(before);
      discord.dropSessions();
      await app.waitForState('connecting');
      await app.waitForState('ready');
    } finally {
      await app.close();
      await gateway.stop();
      await discord.stop();
    }
  });

  it('ends while the gateway leaves a connection without an answer', async () => {
    const discord = await FakeDiscord.start({ token });
    const gateway = await MoodyGateway.start(discord.apiUrl);
    gateway.mood = 'silent';
    const app = await DiscordApp.start({ ...settings(discord), DISCORD_API_URL: gateway.apiUrl });
    await vi.waitFor(() => expect(gateway.upgrades).toBe(1), { timeout: deadline });
    await app.close();
    await gateway.stop();
    await discord.stop();
    expect(gateway.upgrades).toBe(1);
  });

  it('does not come back after its end', async () => {
    const start = async () => {
      const discord = await FakeDiscord.start({ token });
      const gateway = await MoodyGateway.start(discord.apiUrl);
      const app = await DiscordApp.start({ ...settings(discord), DISCORD_API_URL: gateway.apiUrl });
      await app.status.settled();
      gateway.mood = 'refuse';
      // After a normal close there is nothing to resume.
      discord.dropSessions({ resumable: false, code: 1000 });
      return { discord, gateway, app };
    };
    const [ending, going] = await Promise.all([start(), start()]);
    const tried = (many: number, { gateway }: typeof going) =>
      vi.waitFor(() => expect(gateway.upgrades).toBeGreaterThanOrEqual(many), { timeout: deadline });
    await Promise.all([tried(2, ending), tried(2, going)]);
    await ending.app.close();
    const before = ending.gateway.upgrades;
    // Two more pauses of the other are longer than the one that the end cut short.
    await tried(going.gateway.upgrades + 2, going);
    expect(ending.gateway.upgrades).toBe(before);
    await going.app.close();
    for (const { gateway, discord } of [ending, going]) {
      await gateway.stop();
      await discord.stop();
    }
  });
});
