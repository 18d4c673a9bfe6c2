import { describe, expect, it, vi } from 'vitest';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';
import { DiscordCheck } from '../../../src/rest/discord.check.js';
import { FakeDiscord, type FakeDiscordOptions, type FakeGuild } from '../../../src/testing/fake-discord/index.js';
import { deadline, DiscordApp, logs } from '../../integration/discord/discord-app.js';
import { settings, token } from '../../integration/discord/discord-town.js';

/** A guild with somebody in it, of a shard among two. */
function village(discord: FakeDiscord, shard: number) {
  // The shard of a guild is the rest of its id, without the lower 22 bits.
  const id = ((BigInt(1_000_000 + shard) << 22n) + 1n).toString();
  const guild = discord.addGuild({ id, name: `Village ${shard}` });
  const { user } = guild.addMember({ username: `miller${shard}`, status: 'online' });
  return { guild, user, move: (status: 'idle' | 'dnd' | 'online') => guild.setPresence(user.id, status) };
}

async function open(options: FakeDiscordOptions = {}, env: Record<string, string> = {}) {
  const discord = await FakeDiscord.start({ token, shards: 2, maxConcurrency: 2, identifyInterval: 5_000, ...options });
  const villages = [village(discord, 0), village(discord, 1)] as const;
  const app = await DiscordApp.start(settings(discord, env));
  return {
    discord,
    villages,
    app,
    health: () => new DiscordCheck(app.status, new InvalidRequestBudget(100)).check(),
    close: async () => {
      await app.close();
      await discord.stop();
    },
  };
}

const shardsOf = (discord: FakeDiscord) =>
  discord.sessionStarts.map(({ kind, shard }) => `${kind} ${shard.join(' of ')}`);
const heardOf = (
  app: DiscordApp,
  { id }: FakeGuild,
  type: 'presence.updated' | 'guild.unavailable' | 'guild.updated',
) => app.of(type).filter(({ guildId }) => guildId === id);

describe.concurrent('several shards', () => {
  it('are as many as Discord recommends, all in this process, each with its own guilds', async () => {
    const { discord, villages, app, health, close } = await open();
    try {
      await app.waitForState('ready');
      expect(shardsOf(discord).sort()).toEqual(['identify 0 of 2', 'identify 1 of 2']);
      expect(
        app.guilds
          .list()
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['Village 0', 'Village 1']);
      for (const { guild, move } of villages) {
        move('idle');
        await app.waitFor('presence.updated', ({ guildId, data }) => guildId === guild.id && data.status === 'idle');
      }
      expect(app.of('presence.updated')).toHaveLength(2);
      expect(app.status.current().shards).toEqual([
        { id: 0, up: true },
        { id: 1, up: true },
      ]);
      expect(await health()).toEqual({ state: 'ok' });
    } finally {
      await close();
    }
  });

  it('may be some of a number: the guilds of the others are another process’s', async () => {
    const { discord, villages, app, close } = await open({}, { DISCORD_SHARDS: '1', DISCORD_SHARD_COUNT: '2' });
    const other = await DiscordApp.start(settings(discord, { DISCORD_SHARDS: '0', DISCORD_SHARD_COUNT: '2' }));
    try {
      await app.waitForState('ready');
      await other.waitForState('ready');
      expect(app.guilds.list().map(({ name }) => name)).toEqual(['Village 1']);
      expect(other.guilds.list().map(({ name }) => name)).toEqual(['Village 0']);
      for (const { move } of villages) move('dnd');
      await app.waitFor('presence.updated', ({ guildId }) => guildId === villages[1].guild.id);
      await other.waitFor('presence.updated', ({ guildId }) => guildId === villages[0].guild.id);
      expect(heardOf(app, villages[0].guild, 'presence.updated')).toEqual([]);
      expect(heardOf(other, villages[1].guild, 'presence.updated')).toEqual([]);
      // Of one alone there is nothing to tell apart.
      expect(app.status.current().shards).toBeUndefined();
    } finally {
      await other.close();
      await close();
    }
  });

  it('are lost one by one: its guilds are unavailable until it is back, the others stay live', async () => {
    const { discord, villages, app, health, close } = await open();
    const [near, far] = villages;
    try {
      await app.waitForState('ready');
      discord.keepShardsAway(1);
      discord.dropSessions({ shard: 1 });
      await app.waitFor('guild.unavailable', ({ guildId }) => guildId === far.guild.id);
      expect(app.status.current()).toMatchObject({ state: 'ready', shards: [{ up: true }, { id: 1, up: false }] });
      expect(await health()).toEqual({ state: 'degraded', detail: expect.stringContaining('shard 1 is') as string });
      near.move('idle');
      far.move('dnd');
      await app.waitFor('presence.updated', ({ guildId }) => guildId === near.guild.id);
      expect(heardOf(app, far.guild, 'presence.updated')).toEqual([]);
      expect(heardOf(app, near.guild, 'guild.unavailable')).toEqual([]);
      const before = heardOf(app, far.guild, 'guild.updated').length;
      discord.keepShardsAway();
      await app.waitFor('presence.updated', ({ guildId, data }) => guildId === far.guild.id && data.status === 'dnd');
      await vi.waitFor(() => expect(heardOf(app, far.guild, 'guild.updated')).toHaveLength(before + 1), {
        timeout: deadline,
      });
      expect(await health()).toEqual({ state: 'ok' });
      expect(shardsOf(discord).filter((start) => start.includes('0 of'))).toEqual(['identify 0 of 2']);
    } finally {
      await close();
    }
  });

  it('that are back at once take no guild away, and a lost session costs its own shard an IDENTIFY', async () => {
    const { discord, villages, app, close } = await open();
    try {
      await app.waitForState('ready');
      discord.dropSessions({ shard: 0 });
      await vi.waitFor(() => expect(shardsOf(discord)).toContain('resume 0 of 2'), { timeout: deadline });
      discord.dropSessions({ shard: 1, resumable: false });
      await vi.waitFor(() => expect(shardsOf(discord).filter((start) => start === 'identify 1 of 2')).toHaveLength(2), {
        timeout: 30_000,
      });
      for (const { guild, move } of villages) {
        move('dnd');
        await app.waitFor('presence.updated', ({ guildId }) => guildId === guild.id);
      }
      expect(heardOf(app, villages[0].guild, 'guild.unavailable')).toEqual([]);
      expect(shardsOf(discord).filter((start) => start === 'identify 0 of 2')).toHaveLength(1);
    } finally {
      await close();
    }
  }, 60_000);

  it('all lost are the connection lost', async () => {
    const { discord, app, health, close } = await open();
    try {
      await app.waitForState('ready');
      discord.keepShardsAway(0, 1);
      discord.dropSessions();
      await app.waitForState('connecting');
      expect((await health()).state).toBe('degraded');
      discord.keepShardsAway();
      await app.waitForState('ready');
      await vi.waitFor(async () => expect(await health()).toEqual({ state: 'ok' }), { timeout: deadline });
    } finally {
      await close();
    }
  });

  it('of one bucket wait for each other', async () => {
    const { discord, app, close } = await open({ maxConcurrency: 1 });
    try {
      await vi.waitFor(() => expect(app.status.current().state).toBe('ready'), { timeout: 30_000 });
      const [one, two] = discord.sessionStarts;
      expect(shardsOf(discord).sort()).toEqual(['identify 0 of 2', 'identify 1 of 2']);
      expect(two!.at - one!.at).toBeGreaterThanOrEqual(5_000);
    } finally {
      await close();
    }
  }, 60_000);
});

describe.concurrent('the last IDENTIFYs of a day', () => {
  it('are kept at the start: the bot says until when it waits, and goes on then', async () => {
    const discord = await FakeDiscord.start({ token });
    discord.limitSessionStarts({ remaining: 4, resetAfter: 3_000 });
    const app = await DiscordApp.start(settings(discord));
    try {
      await vi.waitFor(() => expect(app.status.current().detail).toContain('only 4 more sessions'), {
        timeout: deadline,
      });
      expect(discord.sessionStarts).toEqual([]);
      expect(logs.filter((line) => line.includes('the last ones are kept')).length).toBeGreaterThan(0);
      discord.limitSessionStarts(undefined);
      await app.waitForState('ready');
      expect(shardsOf(discord)).toEqual(['identify 0 of 1']);
    } finally {
      await app.close();
      await discord.stop();
    }
  });

  it('are kept when a session is lost, and the bot comes back by itself when there are more', async () => {
    const discord = await FakeDiscord.start({ token });
    const { guild, move } = village(discord, 0);
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.waitForState('ready');
      // What was asked at the start counts for some seconds.
      discord.limitSessionStarts({ remaining: 2, resetAfter: 4_000 });
      const asked = () => discord.requests.filter(({ path }) => path === '/gateway/bot').length;
      const before = logs.length;
      for (let n = 0; asked() < 2; n += 1) {
        expect(n, 'losses of a session until Discord is asked again').toBeLessThan(20);
        const begun = discord.sessionStarts.length;
        discord.dropSessions({ resumable: false });
        await vi.waitFor(() => expect(discord.sessionStarts.length > begun || asked() > 1).toBe(true), {
          timeout: 30_000,
        });
      }
      await vi.waitFor(
        () => expect(logs.slice(before).filter((line) => line.includes('only 2 more sessions'))).not.toEqual([]),
        { timeout: deadline },
      );
      expect(app.status.current()).toMatchObject({
        state: 'connecting',
        detail: expect.stringContaining('the bot waits until then') as string,
      });
      const begun = discord.sessionStarts.length;
      move('dnd');
      discord.limitSessionStarts(undefined);
      await app.waitFor('presence.updated', ({ guildId, data }) => guildId === guild.id && data.status === 'dnd');
      expect(discord.sessionStarts.length).toBe(begun + 1);
    } finally {
      await app.close();
      await discord.stop();
    }
  }, 90_000);

  it('are not waited for with a token that is taken back: the gateway itself says what there is to say', async () => {
    const discord = await FakeDiscord.start({ token });
    village(discord, 0);
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.waitForState('ready');
      discord.refuseNext({ path: '/gateway/bot', status: 401, times: 1_000 });
      const refused = () => discord.requests.some(({ status }) => status === 401);
      for (let n = 0; !refused(); n += 1) {
        expect(n, 'losses of a session until Discord is asked again').toBeLessThan(20);
        const begun = discord.sessionStarts.length;
        discord.dropSessions({ resumable: false });
        // The fake's gateway goes on taking the token.
        await vi.waitFor(() => expect(discord.sessionStarts.length).toBeGreaterThan(begun), { timeout: 30_000 });
      }
      await app.waitForState('ready');
    } finally {
      await app.close();
      await discord.stop();
    }
  }, 90_000);
});
