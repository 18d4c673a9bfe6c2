import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeDiscord, type FakeDiscordOptions } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp, deadline, logs } from './discord-app.js';
import { settings, token, town } from './discord-town.js';

const asking = { gateway: false, rest: true };
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function startDiscord(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  const discord = await FakeDiscord.start({ token, ...options });
  open.push(() => discord.stop());
  return discord;
}

async function startApp(discord: FakeDiscord, more: Record<string, string>, ways: typeof asking): Promise<DiscordApp> {
  const app = await DiscordApp.start(settings(discord, more), ways);
  open.push(() => app.close());
  return app;
}

function gatewayQuestions({ requests, sessions }: FakeDiscord): unknown[] {
  return [...requests.filter(({ path }) => path.includes('gateway')), ...sessions];
}

describe('guilds over REST, without a session', () => {
  it('is ready when Discord answers, knows what is not shown, and sends', async () => {
    const discord = await startDiscord();
    const { guild, ada } = town(discord);
    const hidden = discord.addGuild({ name: 'Hidden' });
    const app = await startApp(discord, { GUILDS: guild.id }, asking);
    await app.status.settled();
    expect(app.status.current()).toEqual({ state: 'ready', missingIntents: [] });
    expect(app.status.hiddenGuilds()).toEqual([{ id: hidden.id, name: 'Hidden' }]);
    expect((await app.restGuilds.list()).map(({ id }) => id)).toEqual([guild.id]);
    expect((await app.restGuilds.read(guild.id))?.members).toHaveLength(4);
    expect(app.guilds.list()).toEqual([]);
    expect(await app.sender.sendToUser(ada.id, { content: 'x' }, 'n1')).toMatchObject({ kind: 'sent' });
    expect(gatewayQuestions(discord)).toEqual([]);
    expect(app.events).toEqual([]);
  });

  it('starts without Discord, and notices by itself that Discord came, went and came again', async () => {
    const discord = await startDiscord();
    town(discord);
    await discord.goDown();
    const app = await startApp(discord, {}, asking);
    expect(app.status.current().state).toBe('connecting');
    await vi.waitFor(() => expect(app.status.current().detail).toMatch(/cannot be reached.*trying again/), {
      timeout: deadline,
    });
    await discord.comeBack();
    await app.waitForState('ready');
    await app.status.settled();
    await discord.goDown();
    await expect(app.restGuilds.refresh()).rejects.toThrow('cannot be reached');
    expect(app.status.current().state).toBe('connecting');
    await discord.comeBack();
    await app.waitForState('ready');
    expect(logs.join('\n')).toContain('Discord answers over REST');
    expect(logs.join('\n')).not.toContain('secret-token');
  });

  it('stops at a wrong token, for reading and for sending', async () => {
    const discord = await startDiscord({ token: 'another' });
    const app = await startApp(discord, {}, asking);
    await app.status.settled();
    expect(app.status.current()).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('Reset Token') as string,
    });
    await expect(app.restGuilds.list()).rejects.toThrow('Reset Token');
    expect(await app.sender.sendToUser('123456789012345678', { content: 'x' }, 'n')).toMatchObject({
      kind: 'retry',
      burnsAttempt: false,
      reason: expect.stringContaining('Reset Token') as string,
    });
    expect(discord.requests).toHaveLength(1);
    expect(logs.join('\n')).not.toContain('secret-token');
    expect(logs.filter((line) => /refused the token.*Next try/.test(line))).toEqual([]);
  });

  it('stops reading when a send meets a refused token', async () => {
    const discord = await startDiscord();
    const { ada } = town(discord);
    const app = await startApp(discord, {}, asking);
    await app.status.settled();
    discord.refuseNext({ path: /channels$/, status: 401 });
    await app.sender.sendToUser(ada.id, { content: 'x' }, 'n');
    expect(app.status.current().state).toBe('refused');
    const before = discord.requests.length;
    await expect(app.restGuilds.refresh()).rejects.toThrow('Reset Token');
    expect(discord.requests).toHaveLength(before);
  });
});

describe('no guilds of Discord at all', () => {
  it('asks nothing, and sends', async () => {
    const discord = await startDiscord();
    const { ada } = town(discord);
    const app = await startApp(discord, {}, { gateway: false, rest: false });
    await app.status.settled();
    const detail = 'no source reads guilds from Discord';
    expect(app.status.current()).toEqual({ state: 'off', detail, missingIntents: [] });
    expect(await app.sender.sendToUser(ada.id, { content: 'x' }, 'n1')).toMatchObject({ kind: 'sent' });
    expect(discord.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
    discord.refuseNext({ path: /messages$/, status: 401 });
    await app.sender.sendToUser(ada.id, { content: 'x' }, 'n2');
    expect(app.status.current().state).toBe('refused');
  });
});
