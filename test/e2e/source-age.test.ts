import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { GuildRooms } from '../../src/gateway/guild-rooms.js';
import { DataProvider, type RawSnapshot } from '../../src/providers/data-provider.js';
import { connect } from '../../src/client/index.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const guildId = '300000000000000001';

/** Somebody's service, which may be slow, and down. */
class Service extends DataProvider {
  readonly name = 'service';
  questions = 0;
  members = ['ada'];
  down = false;
  answering: Promise<void> = Promise.resolve();

  listGuilds(): Promise<{ id: string; name: string; iconUrl: null }[]> {
    return Promise.resolve([{ id: guildId, name: 'Town', iconUrl: null }]);
  }

  async loadGuild(id: string): Promise<RawSnapshot | undefined> {
    if (id !== guildId) return undefined;
    this.questions += 1;
    const { members } = this;
    await this.answering;
    if (this.down) throw new Error('the service is down');
    return {
      guild: { id, name: 'Town', iconUrl: null },
      members: members.map((username, n) => ({ id: `20000000000000000${n}`, username, status: 'online' })),
    };
  }
}

const plugin = (service: Service) => ({
  plugins: [service],
  names: { PROVIDER_PLUGINS: 'x', DATA_PROVIDERS: 'service' },
});
const read = async ({ url }: TestApp): Promise<GuildSnapshot> =>
  (await (await fetch(`${url}/api/v1/guilds/${guildId}`)).json()) as GuildSnapshot;
const types = ({ events }: SocketIoClient) => events.map(({ type }) => type);

describe('a visitor of a guild whose answer is old', () => {
  it('sees it at once, marked, and what is true as soon as the source said it', async () => {
    const service = new Service();
    const { plugins, names } = plugin(service);
    const env = { ...names, PROVIDER_CACHE_SECONDS: '0', PROVIDER_POLL_SECONDS: '3600' };
    const app = await startTestApp(env, { plugins });
    try {
      expect(await read(app)).toMatchObject({ stale: false });
      // As after ten minutes without a visitor.
      app.app.get(GuildRooms).close(guildId);
      service.members = ['ada', 'bob'];
      let answer: () => void = () => undefined;
      service.answering = new Promise((resolve) => (answer = resolve));
      const client = await SocketIoClient.open(app.url);
      const { snapshot } = await client.ask('join', { guildId });
      expect(snapshot).toMatchObject({ stale: true, members: [{ username: 'ada' }] });
      const typed = connect(app.url, { transports: ['websocket'] });
      const room = typed.join(guildId);
      await vi.waitFor(() => expect(room.guild).toMatchObject({ stale: true }));
      answer();
      await vi.waitFor(() => expect(types(client)).toEqual(['guild.updated', 'member.joined']));
      await vi.waitFor(() => expect(room.guild?.members.size).toBe(2));
      expect(room.guild).toMatchObject({ stale: false });
      expect((await client.ask('join', { guildId })).snapshot).toMatchObject({ stale: false });
      expect(service.questions).toBe(2);
      typed.close();
      client.close();
    } finally {
      await app.close();
    }
  });
});

describe('one Guildcast as the source of another', () => {
  const service = new Service();
  let first: TestApp;
  let second: TestApp;
  beforeAll(async () => {
    const { plugins, names } = plugin(service);
    const often = { PROVIDER_POLL_SECONDS: '0.1', PROVIDER_CACHE_SECONDS: '0' };
    first = await startTestApp({ ...names, ...often }, { plugins });
    second = await startTestApp({
      ...often,
      DATA_PROVIDERS: 'http',
      HTTP_SOURCE_GUILDS_URL: `${first.url}/api/v1/guilds`,
      HTTP_SOURCE_GUILD_URL: `${first.url}/api/v1/guilds/{guildId}`,
      HTTP_SOURCE_ALLOW_PRIVATE: 'true',
    });
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  it('says that its guild is old when that of the first is, since when, and when that is over', async () => {
    const client = await SocketIoClient.open(second.url);
    expect((await client.ask('join', { guildId })).snapshot).toMatchObject({ stale: false, source: 'http' });
    service.down = true;
    await vi.waitFor(() => expect(types(client)).toEqual(['guild.unavailable']), { timeout: 10_000 });
    const there = await read(first);
    expect(there.stale).toBe(true);
    await vi.waitFor(async () => expect(await read(second)).toMatchObject({ stale: true, asOf: there.asOf }));
    expect((await client.ask('join', { guildId })).snapshot).toMatchObject({ stale: true, asOf: there.asOf });
    service.down = false;
    service.members = ['ada', 'bob'];
    await vi.waitFor(() => expect(types(client)).toContain('member.joined'), { timeout: 10_000 });
    expect(types(client).filter((type) => type.startsWith('guild.'))).toEqual(['guild.unavailable', 'guild.updated']);
    await vi.waitFor(async () => expect(await read(second)).toMatchObject({ stale: false, guild: { memberCount: 2 } }));
    expect((await read(second)).asOf > there.asOf).toBe(true);
    client.close();
  });
});
