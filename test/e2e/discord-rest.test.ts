import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { FakeDiscord, type FakeGuild } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { SocketIoClient } from '../support/socket-io-client.js';

const publishKey = 'publish-key-for-tests';
const token = 'MTA.secret-token.of-this-test';

describe('a bot without a session on the gateway', () => {
  let discord: FakeDiscord;
  let guild: FakeGuild;
  let secret: FakeGuild;
  let ada: string;
  let guildcast: GuildcastProcess;
  let client: SocketIoClient;

  beforeAll(async () => {
    discord = await FakeDiscord.start({ token });
    guild = discord.addGuild({ name: 'Town' });
    secret = discord.addGuild({ name: 'Secret' });
    ada = guild.addMember({ username: 'ada', status: 'online' }).id;
    guildcast = await startGuildcast({
      env: {
        DATA_PROVIDERS: 'discord-rest',
        DISCORD_TOKEN: token,
        DISCORD_API_URL: discord.apiUrl,
        GUILDS: guild.id,
        PROVIDER_POLL_SECONDS: '0.2',
        API_KEYS: `publish=${publishKey}`,
        LOG_LEVEL: 'trace',
      },
    });
    client = await SocketIoClient.open(guildcast.url);
  }, 40_000);
  afterAll(async () => {
    client.close();
    await guildcast.stop();
    await discord.stop();
  });

  async function heard(type: DomainEvent['type']): Promise<DomainEvent> {
    return vi.waitFor(
      () => {
        const event = client.events.find((one) => one.type === type);
        expect(event, `no ${type}`).toBeDefined();
        return event!;
      },
      { timeout: 15_000 },
    );
  }

  async function readiness(): Promise<unknown> {
    return (await fetch(`${guildcast.url}/readyz`)).json();
  }

  it('shows the guild with its members, and says that presences are not known', async () => {
    const { snapshot } = await client.ask('join', { guildId: 'town' });
    expect(snapshot).toMatchObject({ source: 'discord-rest', partial: ['presence'], guild: { id: guild.id } });
    expect(snapshot!.members.map(({ username, status }) => [username, status])).toEqual([
      [discord.botUser.username, 'offline'],
      ['ada', 'offline'],
    ]);
  });

  it('tells those inside who joined, changed and left between two looks', async () => {
    const eve = guild.addMember({ username: 'eve', status: 'online' }).id;
    expect((await heard('member.joined')).data).toMatchObject({ member: { id: eve, status: 'offline' } });
    guild.updateMember(ada, { nick: 'Countess' });
    expect((await heard('member.updated')).data).toMatchObject({
      member: { id: ada, displayName: 'Countess' },
      previous: { displayName: 'ada' },
    });
    guild.removeMember(eve);
    expect((await heard('member.left')).data).toMatchObject({ member: { id: eve } });
    guild.update({ name: 'City' });
    expect((await heard('guild.updated')).data).toMatchObject({ guild: { name: 'City' } });
    expect(client.events.map(({ type }) => type)).not.toContain('presence.updated');
  });

  it('shows nothing of a guild that GUILDS does not name', async () => {
    expect((await client.ask('join', { guildId: secret.id })).error?.code).toBe('guild.not_found');
    const { guilds } = await client.ask<{ guilds: { id: string }[] }>('guilds', {});
    expect(guilds.map(({ id }) => id)).toEqual([guild.id]);
    expect(discord.requests.filter(({ path }) => path.includes(secret.id))).toEqual([]);
    expect(guildcast.output()).toContain(`GUILDS=${secret.id}`);
  });

  it('is ready, and delivers notifications', async () => {
    expect(await readiness()).toMatchObject({ status: 'ready', checks: { discord: { state: 'ok' } } });
    const answer = await fetch(`${guildcast.url}/api/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${publishKey}` },
      body: JSON.stringify({ target: { userId: ada }, type: 'backup_error', payload: { error_message: 'disk full' } }),
    });
    expect(answer.status).toBe(202);
    expect(await discord.waitForSent(() => true, { timeout: 15_000 })).toMatchObject({ userId: ada });
  });

  it('keeps what it showed while Discord is away, says so, and goes on', async () => {
    await discord.goDown();
    await heard('guild.unavailable');
    await vi.waitFor(
      async () =>
        expect(await readiness()).toMatchObject({ status: 'degraded', checks: { discord: { state: 'degraded' } } }),
      { timeout: 15_000 },
    );
    const { snapshot } = await client.ask('join', { guildId: guild.id });
    expect(snapshot).toMatchObject({ stale: true, members: [{}, { displayName: 'Countess' }] });
    const before = client.events.length;
    await discord.comeBack();
    const late = guild.addMember({ username: 'late' }).id;
    await vi.waitFor(
      () =>
        expect(client.events.slice(before).map(({ type, data }) => [type, data])).toContainEqual([
          'member.joined',
          { member: expect.objectContaining({ id: late }) as unknown },
        ]),
      { timeout: 20_000 },
    );
    await vi.waitFor(async () => expect(await readiness()).toMatchObject({ status: 'ready' }), { timeout: 20_000 });
  }, 60_000);

  it('ends the room of a guild that the bot is thrown out of', async () => {
    discord.removeGuild(guild.id);
    await heard('guild.removed');
  });

  it('never opened a session, and says its token nowhere', () => {
    expect(discord.requests.filter(({ path }) => path.includes('gateway'))).toEqual([]);
    expect(discord.sessions).toEqual([]);
    expect(guildcast.output()).toContain('discord-rest');
    expect(guildcast.output()).not.toContain('secret-token');
    expect(JSON.stringify(client.events)).not.toContain('secret-token');
  });
});
