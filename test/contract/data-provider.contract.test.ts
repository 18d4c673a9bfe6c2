import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { member as memberShape } from '../../src/domain/member.js';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../src/domain/guild-state.js';
import { type SourceSnapshot } from '../../src/domain/source-snapshot.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { GuildDoors } from '../../src/guilds/guild-doors.js';
import { type ProviderContractOptions } from '../../src/providers/contract/contract-options.js';
import { providerContract } from '../../src/providers/contract/provider-contract.js';
import { type DataProvider } from '../../src/providers/data-provider.js';
import { DiscordGatewayProvider } from '../../src/providers/discord-gateway.provider.js';
import { DiscordRestProvider } from '../../src/providers/discord-rest.provider.js';
import { MockProvider } from '../../src/providers/mock.provider.js';
import { PostgresProvider } from '../../src/providers/postgres.provider.js';
import { postgresSettings } from '../../src/providers/postgres/postgres-settings.js';
import { makeSample } from '../../src/providers/postgres/sample-schema.js';
import { providerNames, type ProviderName } from '../../src/providers/provider-registry.js';
import { readSnapshot } from '../../src/providers/read-snapshot.js';
import { type SourcePlugin } from '../../src/providers/source-plugin.js';
import { StoreProvider } from '../../src/providers/store.provider.js';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { DiscordApp } from '../integration/discord/discord-app.js';
import { settings, token, town } from '../integration/discord/discord-town.js';
import { actor, startStore } from '../integration/store/store-bench.js';
import { memberOf } from '../support/events.js';
import { createTestDatabase } from '../support/test-database.js';
import { HttpServer } from '../integration/providers/http-server.js';
import { fileProvider, httpProvider, serveTown, townId, users } from '../integration/providers/source-parts.js';

/** As the chain reads it; a source of ours is never in need of being mended. */
async function load({ provider }: Bench, guildId: string): Promise<SourceSnapshot | undefined> {
  const raw = await provider.loadGuild(guildId);
  if (!raw) return undefined;
  const { snapshot, repairs } = readSnapshot(raw, guildId, 10_000);
  expect([...repairs]).toEqual([]);
  return snapshot;
}

interface Bench {
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
  open?: () => SourcePlugin;
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
  const database = await createTestDatabase();
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
const benches: Record<ProviderName, () => Promise<Bench>> = {
  mock,
  'discord-gateway': discordGateway,
  'discord-rest': discordRest,
  postgres,
  http,
  file,
  store,
};

/** What can be done to a source here, beside asking it. A file that breaks is read as it was before. */
const possible: Partial<Record<ProviderName, readonly ('change' | 'breakIt' | 'mendIt')[]>> = {
  mock: ['change'],
  'discord-gateway': ['change'],
  postgres: ['change', 'breakIt', 'mendIt'],
  http: ['change', 'breakIt', 'mendIt'],
  file: ['change'],
};

/** The bench is there once the checks run. */
function contractOf(name: ProviderName, bench: () => Bench): ProviderContractOptions {
  const can = possible[name] ?? [];
  const acts = can.map((act) => [act, () => (act === 'change' ? (bench().change ?? bench().live) : bench()[act])?.()]);
  return {
    open: () => bench().open?.() ?? bench().provider,
    get guildId() {
      return bench().guildId;
    },
    timeoutMs: 8_000,
    ...(Object.fromEntries(acts) as Partial<ProviderContractOptions>),
  };
}

function stateOf({ guild, members }: SourceSnapshot): GuildState {
  const known = new Map(members.map((one) => [one.id, one]));
  return { name: guild.name, iconUrl: guild.iconUrl, members: known, available: true };
}

describe.each(providerNames)('data source: %s', (name) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await benches[name]();
  });
  afterAll(() => bench.close());

  it('is called as it is chosen', () => {
    expect(bench.provider.name).toBe(name);
  });

  for (const check of providerContract(contractOf(name, () => bench))) it(check.name, check.run);

  it('tells members in their promised shape, each once', async () => {
    const snapshot = await load(bench, bench.guildId);
    expect(snapshot!.members.length).toBeGreaterThan(0);
    expect(new Set(snapshot!.members.map(({ id }) => id)).size).toBe(snapshot!.members.length);
    for (const one of snapshot!.members) expect(memberShape.parse(one)).toEqual(one);
    expect(snapshot!.partial).toEqual(bench.partial ?? []);
  });

  it.each(['999999999999999999', '', '__proto__', 'constructor', '0', 'x'])('does not know %j', async (id) => {
    expect(await bench.provider.loadGuild(id)).toBeUndefined();
  });

  it('is the sum of what it told before and its events since', async ({ skip }) => {
    skip(!bench.provider.live, 'the source tells no events: they are made of the differences between its answers');
    const before = await load(bench, bench.guildId);
    const told = structuredClone(before);
    const from = bench.events().length;
    await bench.live();
    // Read in one turn: nothing can happen between the two.
    const loading = load(bench, bench.guildId);
    const since = bench.events().slice(from);
    const after = await loading;
    expect(before, 'an answer changed after it was given').toEqual(told);
    const state = stateOf(told!);
    for (const event of since) if (event.guildId === bench.guildId) applyEvent(state, event);
    expect(new Map(after!.members.map((one) => [one.id, one]))).toEqual(state.members);
    expect(state.members).not.toEqual(stateOf(told!).members);
  });
});
