import { once } from 'node:events';
import { type Client, DiscordAPIError, Events, GatewayIntentBits, type GuildMember, type Message } from 'discord.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDiscord, type FakeGuild } from '../../../src/testing/fake-discord/index.js';
import { allIntents, logIn, newBot } from './bot.js';

let discord: FakeDiscord;
let guild: FakeGuild;
let ada: string;
let general: string;
let red: string;
const bots: Client[] = [];

async function bot(options: Parameters<typeof logIn>[1] = {}): Promise<Client<true>> {
  const client = await logIn(discord, options);
  bots.push(client);
  return client;
}

function without(intent: GatewayIntentBits): GatewayIntentBits[] {
  return allIntents.filter((other) => other !== intent);
}

/** The next event of that name; made before what causes it. */
async function next<T extends unknown[]>(client: Client, event: string): Promise<T> {
  return (await once(client, event)) as T;
}

beforeEach(async () => {
  discord = await FakeDiscord.start();
  guild = discord.addGuild({ name: 'Town' });
  red = guild.addRole({ name: 'red', color: 0xff0000 }).id;
  general = guild.addChannel({ name: 'general' }).id;
  ada = guild.addMember({ username: 'ada', globalName: 'Ada', nick: 'Countess', roles: [red], status: 'idle' }).id;
  guild.addMember({ username: 'bob' });
});

afterEach(async () => {
  await Promise.all(bots.splice(0).map((client) => client.destroy()));
  await discord.stop();
});

describe('a discord.js client', () => {
  it('logs in and finds the guild with members, presences, roles and colours', async () => {
    const client = await bot();
    expect(client.user).toMatchObject({ id: discord.botUser.id, username: discord.botUser.username, bot: true });
    const seen = client.guilds.cache.get(guild.id)!;
    expect(seen).toMatchObject({ name: 'Town', available: true, memberCount: 3 });
    const member = seen.members.cache.get(ada)!;
    expect(member).toMatchObject({ displayName: 'Countess', displayHexColor: '#ff0000' });
    expect(member.presence?.status).toBe('idle');
    expect(seen.members.cache.map(({ user }) => user.username).sort()).toEqual(['Guildcast', 'ada', 'bob']);
    expect(seen.channels.cache.get(general)?.name).toBe('general');
    expect(discord.sessions).toHaveLength(1);
  });

  it('is told of presences', async () => {
    const client = await bot();
    const told = next<[{ status: string } | null, { status: string; activities: { name: string }[] }]>(
      client,
      Events.PresenceUpdate,
    );
    guild.setPresence(ada, 'dnd', [{ name: 'Chess', details: 'white' }]);
    const [before, after] = await told;
    expect(before?.status).toBe('idle');
    expect(after.status).toBe('dnd');
    expect(after.activities).toMatchObject([{ name: 'Chess', type: 0, details: 'white' }]);
  });

  it('is told of members who join, change and leave', async () => {
    const client = await bot();
    const joined = next<[GuildMember]>(client, Events.GuildMemberAdd);
    const { id } = guild.addMember({ username: 'eve' });
    expect((await joined)[0]).toMatchObject({ id, displayName: 'eve' });

    const updated = next<[GuildMember, GuildMember]>(client, Events.GuildMemberUpdate);
    guild.updateMember(id, { nick: 'Evie', roles: [red] });
    expect((await updated)[1]).toMatchObject({ nickname: 'Evie', displayHexColor: '#ff0000' });

    const left = next<[GuildMember]>(client, Events.GuildMemberRemove);
    guild.removeMember(id);
    expect((await left)[0].id).toBe(id);
    expect(client.guilds.cache.get(guild.id)?.memberCount).toBe(3);
  });

  it('reads a message with a mention, and one sent to it directly', async () => {
    const client = await bot();
    const said = next<[Message]>(client, Events.MessageCreate);
    const { id } = guild.say({ channelId: general, authorId: ada, content: `hello <@${ada}>`, attachments: 2 });
    const [message] = await said;
    expect(message).toMatchObject({ id, content: `hello <@${ada}>`, guildId: guild.id });
    expect(message.cleanContent).toBe('hello @Countess');
    expect(message.mentions.users.map((user) => user.username)).toEqual(['ada']);
    expect(message.attachments.size).toBe(2);
    expect(Math.abs(message.createdTimestamp - Date.now())).toBeLessThan(60_000);

    const whispered = next<[Message]>(client, Events.MessageCreate);
    discord.sayToBot({ authorId: ada, content: 'psst' });
    expect((await whispered)[0]).toMatchObject({ content: 'psst', guildId: null });
  });

  it('sends a direct message once for each nonce, and hears itself', async () => {
    const client = await bot();
    const { id } = discord.addUser({ username: 'stranger' });
    const heard = next<[Message]>(client, Events.MessageCreate);
    const first = await client.users.send(id, { content: 'hi', nonce: 'n-1', enforceNonce: true });
    const again = await client.users.send(id, { content: 'hi', nonce: 'n-1', enforceNonce: true });
    expect(again.id).toBe(first.id);
    expect((await heard)[0]).toMatchObject({ id: first.id, nonce: 'n-1' });
    expect(discord.sent).toMatchObject([
      { userId: id, content: 'hi', nonce: 'n-1', enforceNonce: true, messageId: first.id },
    ]);
    await client.users.send(id, { content: 'hi', nonce: 'n-2', enforceNonce: true });
    expect(discord.sent).toHaveLength(2);
    expect(discord.sent[1]!.channelId).toBe(discord.sent[0]!.channelId);
  });

  it('meets 50007 when direct messages are closed', async () => {
    const client = await bot();
    discord.closeDMs(ada);
    const refusal = await client.users.send(ada, 'hi').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DiscordAPIError);
    expect(refusal).toMatchObject({ code: 50007, status: 403, message: 'Cannot send messages to this user' });
    discord.openDMs(ada);
    await client.users.send(ada, 'hello');
    expect(discord.sent.map(({ content }) => content)).toEqual(['hello']);
  });

  it('waits as long as a 429 says', async () => {
    const client = await bot();
    discord.refuseNext({ method: 'POST', path: /\/messages$/, status: 429, headers: { 'Retry-After': '0.2' } });
    await client.users.send(ada, 'patience');
    const tries = discord.requests.filter(({ path }) => path.endsWith('/messages'));
    expect(tries.map(({ status }) => status)).toEqual([429, 200]);
    expect(tries[1]!.at - tries[0]!.at).toBeGreaterThanOrEqual(190);
    expect(discord.sent).toHaveLength(1);
  });

  it('is not let in with a wrong token', async () => {
    const client = newBot(discord);
    bots.push(client);
    await expect(client.login('wrong')).rejects.toMatchObject({ code: 'TokenInvalid' });
    expect(discord.sessions).toHaveLength(0);
  });

  it('is not let in with an intent that is not allowed', async () => {
    const strict = await FakeDiscord.start({ intents: { presences: false } });
    const client = newBot(strict);
    try {
      const gone = next<[{ code: number }]>(client, Events.ShardDisconnect);
      await expect(client.login(strict.token)).rejects.toThrow('Used disallowed intents');
      expect((await gone)[0].code).toBe(4014);
    } finally {
      await client.destroy();
      await strict.stop();
    }
    const modest = await bot({ intents: without(GatewayIntentBits.GuildPresences) });
    expect(modest.isReady()).toBe(true);
  });
});

describe('missing intents', () => {
  it('without presences a guild brings the bot alone, and nobody is online', async () => {
    const client = await bot({ intents: without(GatewayIntentBits.GuildPresences) });
    const seen = client.guilds.cache.get(guild.id)!;
    expect([...seen.members.cache.keys()]).toEqual([discord.botUser.id]);
    expect(seen.presences.cache.size).toBe(0);
    expect(seen.memberCount).toBe(3);
  });

  it('without members nobody joins or leaves, without content messages are empty', async () => {
    const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildPresences];
    const client = await bot({ intents });
    const dispatched: string[] = [];
    client.on(Events.Raw, ({ t }: { t: string }) => dispatched.push(t));
    const messages: Message[] = [];
    client.on(Events.MessageCreate, (message) => messages.push(message));
    guild.removeMember(guild.addMember({ username: 'eve' }).id);
    guild.say({ channelId: general, authorId: ada, content: 'secret', attachments: 1 });
    guild.say({ channelId: general, authorId: ada, content: `for <@${discord.botUser.id}>` });
    await vi.waitFor(() => expect(messages).toHaveLength(2), { timeout: 5000 });
    expect(messages[0]).toMatchObject({ content: '' });
    expect(messages[0]!.attachments.size).toBe(0);
    expect(messages[1]!.content).toBe(`for <@${discord.botUser.id}>`);
    expect(dispatched).toEqual(['MESSAGE_CREATE', 'MESSAGE_CREATE']);
  });
});

describe('a large guild', () => {
  it('leaves offline members out, and hands them over in chunks of 1000, once in a while', async () => {
    for (let n = 0; n < 2501; n += 1) guild.addMember({ username: `crowd-${n}` });
    const client = await bot();
    const seen = client.guilds.cache.get(guild.id)!;
    expect(seen).toMatchObject({ large: true, memberCount: 2504 });
    expect(seen.members.cache.map(({ user }) => user.username).sort()).toEqual(['Guildcast', 'ada']);
    let chunks = 0;
    client.on(Events.GuildMembersChunk, () => (chunks += 1));
    const fetched = await seen.members.fetch({ withPresences: true });
    expect(fetched.size).toBe(2504);
    expect(chunks).toBe(3);
    await expect(seen.members.fetch()).rejects.toMatchObject({ name: 'GatewayRateLimitError' });
    expect((await seen.members.fetch({ query: 'crowd-250', limit: 5 })).size).toBe(2);
    expect((await seen.members.fetch({ user: [ada] })).first()?.presence?.status).toBe('idle');
  });
});

describe('faults of the gateway', () => {
  it('a cut connection is resumed, and what was missed is replayed', async () => {
    const client = await bot();
    const { id } = await discord.waitForSession();
    const statuses: string[] = [];
    client.on(Events.PresenceUpdate, (_, presence) => statuses.push(presence.status));
    const resumed = next<[number, number]>(client, Events.ShardResume);
    discord.dropSessions();
    expect(discord.sessions).toHaveLength(0);
    guild.setPresence(ada, 'dnd');
    guild.setPresence(ada, 'online');
    await resumed;
    await vi.waitFor(() => expect(statuses).toEqual(['dnd', 'online']), { timeout: 5000 });
    expect(discord.sessions).toMatchObject([{ id, resumes: 1 }]);
  });

  it('a session that cannot be resumed begins anew, without what was missed', async () => {
    const client = await bot();
    const { id } = await discord.waitForSession();
    const statuses: string[] = [];
    client.on(Events.PresenceUpdate, (_, presence) => statuses.push(presence.status));
    const back = next(client, Events.ShardReady);
    discord.dropSessions({ resumable: false });
    guild.setPresence(ada, 'dnd');
    await back;
    const session = await discord.waitForSession({ where: (other) => other.id !== id });
    expect(session.resumes).toBe(0);
    expect(statuses).toEqual([]);
    expect(client.guilds.cache.get(guild.id)?.presences.cache.get(ada)?.status).toBe('dnd');
  });

  it('op 7 and unanswered heartbeats end in a resume', async () => {
    await discord.stop();
    discord = await FakeDiscord.start({ heartbeatInterval: 150 });
    const client = await bot();
    const asked = next(client, Events.ShardResume);
    discord.askReconnect();
    await asked;
    discord.answerHeartbeats(false);
    const revived = next(client, Events.ShardResume);
    await discord.waitForSession({ where: ({ resumes }) => resumes >= 2 });
    discord.answerHeartbeats(true);
    await revived;
    expect(discord.sessions).toHaveLength(1);
  });

  it('after an outage the client comes back to the same port by itself', async () => {
    const client = await bot();
    const { id } = await discord.waitForSession();
    const url = discord.apiUrl;
    const refused = new Promise<void>((resolve) =>
      client.on(Events.Debug, (line) => line.includes('due to a network error') && resolve()),
    );
    await discord.goDown();
    await refused;
    await expect(fetch(`${url}/v10/gateway`)).rejects.toThrow('fetch failed');
    guild.setPresence(ada, 'online');
    const back = next(client, Events.ShardReady);
    await discord.comeBack();
    expect(discord.apiUrl).toBe(url);
    await back;
    expect(discord.sessions).toHaveLength(1);
    expect(discord.sessions[0]!.id).not.toBe(id);
    expect(client.guilds.cache.get(guild.id)?.presences.cache.get(ada)?.status).toBe('online');
  });

  it('guilds vanish for a while, and for good', async () => {
    const client = await bot();
    const lost = next(client, Events.GuildUnavailable);
    guild.setUnavailable();
    await lost;
    guild.setPresence(ada, 'online');
    const found = next(client, Events.GuildAvailable);
    guild.setAvailable();
    await found;
    expect(client.guilds.cache.get(guild.id)?.presences.cache.get(ada)?.status).toBe('online');
    const gone = next(client, Events.GuildDelete);
    discord.removeGuild(guild.id);
    await gone;
    expect(client.guilds.cache.size).toBe(0);
    const come = next<[{ name: string }]>(client, Events.GuildCreate);
    discord.addGuild({ name: 'Village' });
    expect((await come)[0].name).toBe('Village');
  });
});
