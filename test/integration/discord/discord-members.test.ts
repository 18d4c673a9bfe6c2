import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DiscordMembers } from '../../../src/discord/discord-members.js';
import { type DiscordWays } from '../../../src/discord/discord.module.js';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { deadline, DiscordApp } from './discord-app.js';
import { settings, token, town } from './discord-town.js';

let discord: FakeDiscord;
let place: ReturnType<typeof town>;
let app: DiscordApp | undefined;
beforeEach(async () => {
  discord = await FakeDiscord.start({ token });
  place = town(discord);
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await discord.stop();
});

async function start(ways: DiscordWays, env: Record<string, string> = {}): Promise<DiscordMembers> {
  app = await DiscordApp.start(settings(discord, env), ways);
  return app.members;
}

const asked = () => discord.requests.filter(({ path }) => /^\/guilds\/\d+\/members\/\d+$/.test(path)).length;
const ways: [string, DiscordWays][] = [
  ['a session', { gateway: true }],
  ['REST alone', { gateway: false, rest: true }],
  ['a bot that reads no guilds', { gateway: false, rest: false }],
];

describe.each(ways)('who is a member, by %s', (_name, way) => {
  it('is told of members, of others, and of guilds that are not there', async () => {
    const members = await start(way);
    if (way.gateway) await app!.waitForState('ready');
    const stranger = discord.addUser({ username: 'stranger' });
    expect(await members.has(place.guild.id, place.ada.id)).toBe(true);
    expect(await members.has(place.guild.id, stranger.id)).toBe(false);
    expect(await members.has(place.guild.id, '90071992547409919')).toBe(false);
    expect(await members.has('90071992547409919', place.ada.id)).toBe(false);
    expect(await members.has(place.guild.id, '../@me')).toBe(false);
    place.guild.removeMember(place.ada.id);
    await vi.waitFor(async () => expect(await members.has(place.guild.id, place.ada.id)).toBe(false), {
      timeout: deadline,
    });
  });

  it('is no for guilds that the operator does not show, without a question', async () => {
    const members = await start(way, { GUILDS: '90071992547409919' });
    expect(await members.has(place.guild.id, place.ada.id)).toBe(false);
    expect(asked()).toBe(0);
  });

  it('is no answer while Discord gives none, and that says nothing about how guilds are read', async () => {
    const members = await start(way);
    if (way.gateway || way.rest) await app!.waitForState('ready');
    const before = app!.status.current().state;
    const stranger = discord.addUser({ username: 'stranger' });
    for (let n = 0; n < 2; n += 1) discord.refuseNext({ method: 'GET', path: /members\/\d+$/, status: 502 });
    await expect(members.has(place.guild.id, stranger.id)).rejects.toThrow('Discord is out of order');
    expect(app!.status.current().state).toBe(before);
    expect(await members.has(place.guild.id, stranger.id)).toBe(false);
  });
});

describe('with a session', () => {
  it('Discord is not asked for members it tells of anyhow, and is for those it does not', async () => {
    const members = await start({ gateway: true });
    await app!.waitForState('ready');
    await vi.waitFor(() => expect(app!.guilds.snapshot(place.guild.id)?.members.length).toBeGreaterThan(2), {
      timeout: deadline,
    });
    expect(await members.has(place.guild.id, place.bob.id)).toBe(true);
    expect(asked()).toBe(0);
  });

  it('without the members intent the session is not believed: nobody tells it who leaves', async () => {
    discord.allowIntents({ members: false });
    const members = await start({ gateway: true });
    await app!.waitForState('ready');
    await vi.waitFor(() => expect(app!.guilds.snapshot(place.guild.id)?.members.length).toBeGreaterThan(0), {
      timeout: deadline,
    });
    expect(await members.has(place.guild.id, place.ada.id)).toBe(true);
    place.guild.removeMember(place.ada.id);
    expect(await members.has(place.guild.id, place.ada.id)).toBe(false);
    expect(asked()).toBe(2);
  });
});

describe('without a bot', () => {
  it('nobody can tell', async () => {
    app = await DiscordApp.start({});
    await expect(app.members.has(place.guild.id, place.ada.id)).rejects.toThrow('No Discord bot is configured');
  });
});
