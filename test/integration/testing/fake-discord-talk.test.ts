import { once } from 'node:events';
import {
  type Client,
  type Collection,
  Events,
  GatewayIntentBits,
  type Message,
  Partials,
  type Presence,
  type Typing,
  type VoiceState,
} from 'discord.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeDiscord, type FakeGuild, permissions } from '../../../src/testing/fake-discord/index.js';
import { allIntents, logIn } from './bot.js';

let discord: FakeDiscord;
let guild: FakeGuild;
let ada: string;
let general: string;
let lounge: string;
const bots: Client[] = [];

const intents = [...allIntents, GatewayIntentBits.GuildVoiceStates, GatewayIntentBits.GuildMessageTyping];

async function bot(): Promise<Client<true>> {
  const client = await logIn(discord, { intents, partials: [Partials.Channel, Partials.Message] });
  bots.push(client);
  return client;
}

/** The next event of that name; made before what causes it. */
async function next<T>(client: Client, event: string): Promise<T> {
  return (await once(client, event)) as T;
}

const say = (content: string): string => guild.say({ channelId: general, authorId: ada, content }).id;

beforeEach(async () => {
  discord = await FakeDiscord.start();
  guild = discord.addGuild({ name: 'Town', botPermissions: 0n });
  general = guild.addChannel({ name: 'general' }).id;
  lounge = guild.addChannel({ name: 'Lounge', type: 2 }).id;
  ada = guild.addMember({ username: 'ada', nick: 'Countess', status: 'idle' }).id;
});

afterEach(async () => {
  await Promise.all(bots.splice(0).map((client) => client.destroy()));
  await discord.stop();
});

describe('a discord.js client', () => {
  it('is told of edits, of pins, and of deletes by their ids', async () => {
    const client = await bot();
    const [one, two, three] = [say('one'), say('two'), say('three')];
    const edited = next<[Message, Message]>(client, Events.MessageUpdate);
    guild.talk.edit(one, 'changed');
    const [, now] = await edited;
    expect([now.id, now.content, now.author.username, now.editedAt !== null]).toEqual([one, 'changed', 'ada', true]);
    const pinned = next<[Message, Message]>(client, Events.MessageUpdate);
    guild.talk.pin(two);
    const [, held] = await pinned;
    expect([held.pinned, held.editedAt, held.content]).toEqual([true, null, 'two']);
    const deleted = next<[Message]>(client, Events.MessageDelete);
    guild.talk.delete(one);
    expect((await deleted)[0].id).toBe(one);
    const bulk = next<[Collection<string, Message>]>(client, Events.MessageBulkDelete);
    guild.talk.delete(two, three);
    expect([...(await bulk)[0].keys()]).toEqual([two, three]);
    expect(() => guild.talk.delete(one)).toThrow(one);
    expect(() => guild.talk.edit(two, 'again')).toThrow(two);
  });

  it('is told who types, where it may read', async () => {
    const client = await bot();
    const closed = guild.addChannel({
      name: 'staff',
      overwrites: [{ id: guild.id, type: 0, deny: permissions.viewChannel }],
    });
    const typing = next<[Typing]>(client, Events.TypingStart);
    guild.talk.type(ada, closed.id);
    guild.talk.type(ada, general);
    const [{ channel, member, startedTimestamp }] = await typing;
    expect([channel.id, member?.displayName]).toEqual([general, 'Countess']);
    expect(Math.abs(startedTimestamp - Date.now())).toBeLessThan(60_000);
    expect(() => guild.talk.type(ada, '1')).toThrow('No channel 1');
  });

  it('finds who is in a voice channel, and is told who enters, leaves, or loses it', async () => {
    guild.voice.move(ada, lounge);
    const client = await bot();
    const seen = client.guilds.cache.get(guild.id)!;
    expect(seen.voiceStates.cache.get(ada)?.channelId).toBe(lounge);
    const left = next<[VoiceState, VoiceState]>(client, Events.VoiceStateUpdate);
    guild.voice.move(ada, null);
    // Who is in none leaves none.
    guild.voice.move(ada, null);
    expect((await left).map(({ channelId }) => channelId)).toEqual([lounge, null]);
    const entered = next<[VoiceState, VoiceState]>(client, Events.VoiceStateUpdate);
    guild.voice.move(ada, lounge);
    expect((await entered).map(({ channelId }) => channelId)).toEqual([null, lounge]);
    const lost = next<[VoiceState, VoiceState]>(client, Events.VoiceStateUpdate);
    guild.removeChannel(lounge);
    expect((await lost)[1].channelId).toBeNull();
    expect(guild.voice.states).toEqual([]);
    expect(() => guild.voice.move(ada, lounge)).toThrow(lounge);
  });

  it('is told where somebody is signed in', async () => {
    const client = await bot();
    const seen = client.guilds.cache.get(guild.id)!;
    expect(seen.presences.cache.get(ada)?.clientStatus).toEqual({ desktop: 'idle' });
    const told = next<[Presence | null, Presence]>(client, Events.PresenceUpdate);
    guild.setPresence(ada, 'dnd', [], ['mobile', 'web']);
    expect((await told)[1].clientStatus).toEqual({ mobile: 'dnd', web: 'dnd' });
  });
});
