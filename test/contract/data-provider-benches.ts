import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { expect } from 'vitest';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { GuildDoors } from '../../src/guilds/guild-doors.js';
import { type DataProvider } from '../../src/providers/data-provider.js';
import { DiscordGatewayProvider } from '../../src/providers/discord-gateway.provider.js';
import { DiscordRestProvider } from '../../src/providers/discord-rest.provider.js';
import { MockProvider } from '../../src/providers/mock.provider.js';
import { PostgresProvider } from '../../src/providers/postgres.provider.js';
import { postgresSettings } from '../../src/providers/postgres/postgres-settings.js';
import { makeSample } from '../../src/providers/postgres/sample-schema.js';
import { type ProviderName } from '../../src/providers/provider-registry.js';
import { type SourcePlugin } from '../../src/providers/source-plugin.js';
import { StoreProvider } from '../../src/providers/store.provider.js';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { DiscordApp } from '../integration/discord/discord-app.js';
import { settings, token, town } from '../integration/discord/discord-town.js';
import { actor, startStore } from '../integration/store/store-bench.js';
import { memberOf } from '../support/events.js';
import { createEmptyDatabase, createTestDatabase } from '../support/test-database.js';
import { HttpServer } from '../integration/providers/http-server.js';
import { fileProvider, httpProvider, serveTown, townId, users } from '../integration/providers/source-parts.js';

/** A source, and a world that it tells of. */
export interface Bench {
  provider: DataProvider;
  /** A guild that the source knows. */
  guildId: string;
  /** What the source cannot tell; nothing unless said. */
  partial?: string[];
  /** Of a live source, everything that happened since the start. */
  events(): DomainEvent[];
  /** Lets something happen in the guild of a live source; done once it has. */
  live: () => Promise<void>;
  /** A source of its own for a check; left out: `provider`, which stays open. */
  open?: () => SourcePlugin | Promise<SourcePlugin>;
  change?: () => unknown;
  breakIt?: () => unknown;
  mendIt?: () => unknown;
  close(): Promise<void>;
}

function mock(): Promise<Bench> {
  const log = new MemoryEventLog({ historySize: 1_000, historyAge: 60_000 });
  const events: DomainEvent[] = [];
  log.subscribe((event) => events.push(event));
  const provider = new MockProvider(log, new GuildDoors(), { MOCK_SEED: 3, MOCK_PACE: 1_000 });
  provider.onApplicationBootstrap();
  const guildId = '987654321098765432';
  const changes = () => events.filter((event) => event.guildId === guildId && event.type !== 'message.created').length;
  return Promise.resolve({
    provider,
    guildId,
    events: () => events,
    live: async () => {
      const before = changes();
      await expect.poll(changes, { timeout: 10_000 }).toBeGreaterThan(before + 3);
    },
    close: () => Promise.resolve(provider.onApplicationShutdown()),
  });
}

async function discordGateway(): Promise<Bench> {
  const discord = await FakeDiscord.start({ token });
  const { guild, ada, bob } = town(discord);
  const app = await DiscordApp.start(settings(discord));
  await app.status.settled();
  return {
    provider: new DiscordGatewayProvider(app.guilds),
    guildId: guild.id,
    events: () => app.events,
    live: async () => {
      guild.setPresence(bob.id, 'dnd');
      guild.updateMember(ada.id, { nick: 'Lovelace' });
      const { user } = guild.addMember({ username: 'passer-by', status: 'online' });
      await app.waitFor('presence.updated', ({ data }) => data.member.id === bob.id);
      await app.waitFor('member.updated', ({ data }) => data.member.displayName === 'Lovelace');
      await app.waitFor('member.joined', ({ data }) => data.member.id === user.id);
    },
    close: async () => {
      await app.close();
      await discord.stop();
    },
  };
}

async function discordRest(): Promise<Bench> {
  const discord = await FakeDiscord.start({ token });
  const { guild } = town(discord);
  const app = await DiscordApp.start(settings(discord), { gateway: false, rest: true });
  return {
    provider: new DiscordRestProvider(app.restGuilds),
    guildId: guild.id,
    partial: ['presence'],
    events: () => [],
    live: () => Promise.resolve(),
    close: async () => {
      await app.close();
      await discord.stop();
    },
  };
}

async function postgres(): Promise<Bench> {
  const database = await createEmptyDatabase();
  const sourceSettings = postgresSettings.parse({ POSTGRES_SOURCE_URL: database.url });
  await makeSample(sourceSettings, {});
  const provider = new PostgresProvider(sourceSettings);
  const guildId = '110000000000000001';
  const operator = new Client({ connectionString: database.url });
  await operator.connect();
  let changes = 0;
  return {
    provider,
    guildId,
    events: () => [],
    live: () => Promise.resolve(),
    open: () => closing(new PostgresProvider(sourceSettings)),
    change: () => {
      changes += 1;
      return operator.query('update discord_users set username = $1 where server_id = $2', [`n${changes}`, guildId]);
    },
    breakIt: () => operator.query('alter table discord_users rename to elsewhere'),
    mendIt: () => operator.query('alter table elsewhere rename to discord_users'),
    close: async () => {
      await operator.end();
      await provider.onApplicationShutdown();
      await database.drop();
    },
  };
}

async function http(): Promise<Bench> {
  const server = await HttpServer.start();
  serveTown(server);
  const provider = httpProvider(server);
  let changes = 0;
  return {
    provider,
    guildId: townId,
    events: () => [],
    live: () => Promise.resolve(),
    open: () => closing(httpProvider(server)),
    change: () => {
      changes += 1;
      const id = `3100000000000001${String(changes).padStart(2, '0')}`;
      server.json(`/users/${townId}`, { ...users, [id]: { uid: id, username: 'eve', status: 'idle' } });
    },
    breakIt: () => {
      for (const place of ['/servers', `/users/${townId}`])
        server.on(place, (response) => response.writeHead(500).end());
    },
    mendIt: () => serveTown(server),
    close: async () => {
      await provider.onApplicationShutdown();
      await server.close();
    },
  };
}

async function file(): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'guildcast-contract-'));
  const name = path.join(folder, 'guilds.yaml');
  await copyFile('docs/examples/guilds.yaml', name);
  let changes = 0;
  return {
    provider: fileProvider(name),
    guildId: townId,
    events: () => [],
    live: () => Promise.resolve(),
    open: () => fileProvider(name),
    change: async () => {
      changes += 1;
      const text = (await readFile(name, 'utf8')).replace(/displayName: Ada.*/, `displayName: Ada ${changes}`);
      await writeFile(`${name}.new`, text);
      await rename(`${name}.new`, name);
    },
    close: () => rm(folder, { recursive: true }),
  };
}

/** As a plugin: a source that is closed with the application. */
function closing(provider: DataProvider & { onApplicationShutdown(): Promise<void> }): SourcePlugin {
  return {
    name: provider.name,
    listGuilds: (signal) => provider.listGuilds(signal),
    loadGuild: (guildId, signal) => provider.loadGuild(guildId, signal),
    watch: provider.watch && ((changed) => provider.watch!(changed)),
    close: () => provider.onApplicationShutdown(),
  };
}

async function store(): Promise<Bench> {
  const database = await createTestDatabase();
  const running = await startStore(database.url);
  const { guilds, members, events } = running;
  const guildId = '910000000000000001';
  const ada = memberOf('100000000000000001', {
    joinedAt: '2026-01-01T00:00:00.000Z',
    avatarUrl: 'https://x.example/a',
  });
  const bob = memberOf('100000000000000002', { activities: [{ type: 'playing', name: 'Chess' }] });
  const suggested = { alias: 'town', default: true, door: 'open' } as const;
  await guilds.create(guildId, { name: 'Town', iconUrl: null, ...suggested }, actor);
  await members.put(guildId, [ada, bob], actor);
  return {
    provider: new StoreProvider(running.stored),
    // With an application of its own: the connections are the application's.
    open: async () => {
      const own = await startStore(database.url);
      const provider = new StoreProvider(own.stored);
      return closing(Object.assign(provider, { onApplicationShutdown: () => own.close() }));
    },
    guildId,
    events: () => events,
    live: async () => {
      await members.patch(guildId, ada.id, { status: 'dnd' }, actor);
      await members.patch(guildId, ada.id, { displayName: 'Lovelace', joinedAt: null }, actor);
      await members.remove(guildId, bob.id, actor);
      await members.create(guildId, memberOf('100000000000000003'), actor);
      const heard = () =>
        events.some(
          ({ type, data }) => type === 'member.joined' && 'member' in data && data.member.id === '100000000000000003',
        );
      await expect.poll(heard, { timeout: 10_000 }).toBe(true);
    },
    close: async () => {
      await running.close();
      await database.drop();
    },
  };
}

/** One line for each source. */
export const benches: Record<ProviderName, () => Promise<Bench>> = {
  mock,
  'discord-gateway': discordGateway,
  'discord-rest': discordRest,
  postgres,
  http,
  file,
  store,
};
