// Reads the large guild from one source after the other, in a process and on a core of its own.
import { Logger } from '@nestjs/common';
import { readConfig } from '../../dist/app.config.js';
import { MemoryEventLog } from '../../dist/event-log/memory-event-log.js';
import { GuildRoom, plainJson } from '../../dist/gateway/guild-room.js';
import { GuildDoors } from '../../dist/guilds/guild-doors.js';
import { FileProvider } from '../../dist/providers/file.provider.js';
import { GuardedSource } from '../../dist/providers/guarded-source.js';
import { HttpProvider } from '../../dist/providers/http.provider.js';
import { demoGuilds } from '../../dist/providers/mock/demo-guilds.js';
import { MockProvider } from '../../dist/providers/mock.provider.js';
import { PostgresProvider } from '../../dist/providers/postgres.provider.js';
import { obey } from '../orders.mjs';
import { largeGuild, largeMembers } from '../servers/large-guild.mjs';

Logger.overrideLogger(false);
const { SOURCE_URL, SOURCE_FILE, SOURCE_HTTP, SOURCE_GUILD: guildId, SOURCE_MEMBERS } = process.env;
/** Enough for any fixture: a bound is not what is measured. */
const manyBytes = '268435456';
const patience = '120000';

/** A source as the application has it, with its answers kept for longer than any run. */
function guarded(make, env) {
  const { settings, limits } = readConfig({
    PROVIDER_CACHE_SECONDS: '86400',
    PROVIDER_TIMEOUT_MS: patience,
    ...env,
  }).providers;
  return new GuardedSource(make(settings), { ...limits, emptyIsFailure: true });
}

function mock() {
  // The mock source knows its demo guilds alone.
  demoGuilds.push({
    ...largeGuild,
    id: guildId,
    default: false,
    door: 'open',
    memberPrefix: '7456321980000',
    members: largeMembers(Number(SOURCE_MEMBERS)),
  });
  const log = new MemoryEventLog({ historySize: 1, historyAge: 1_000 });
  return guarded((settings) => new MockProvider(log, new GuildDoors(), settings), { MOCK_PACE: '0' });
}
const file = () =>
  guarded((settings) => new FileProvider(settings), {
    FILE_SOURCE_PATH: SOURCE_FILE,
    FILE_SOURCE_MAX_BYTES: manyBytes,
  });
const http = (folder) =>
  guarded((settings) => new HttpProvider(settings), {
    HTTP_SOURCE_GUILDS_URL: `${SOURCE_HTTP}/guilds`,
    HTTP_SOURCE_GUILD_URL: `${SOURCE_HTTP}/${folder}/{guildId}`,
    HTTP_SOURCE_ALLOW_PRIVATE: 'true',
    HTTP_SOURCE_MAX_BYTES: manyBytes,
    HTTP_SOURCE_TIMEOUT_MS: patience,
  });
const postgres = guarded((settings) => new PostgresProvider(settings), {
  POSTGRES_SOURCE_URL: SOURCE_URL,
  POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: patience,
});
const fresh = (source) => () => source.load(guildId, { fresh: true });
const readPostgres = fresh(postgres);

const entry = {
  id: guildId,
  name: largeGuild.name,
  alias: largeGuild.alias,
  iconUrl: null,
  default: true,
  door: 'open',
  source: 'postgres',
};
const roomOf = (snapshot) => new GuildRoom(snapshot, { epoch: 'benchmark', offset: 0 });
const bytesOf = (room) => room.snapshotBytes(entry, plainJson).plain;
const room = roomOf(await readPostgres());

/** Ways to come by the guild: each answers its snapshot, or that as bytes. */
const ways = {
  mock: fresh(mock()),
  'file, as before': fresh(file()),
  // A source that has read nothing yet reads the whole file.
  'file, changed': () => file().load(guildId),
  'http, confirmed': fresh(http('confirmed')),
  http: fresh(http('plain')),
  postgres: readPostgres,
  kept: () => postgres.load(guildId),
  'kept bytes': async () => {
    await postgres.load(guildId);
    return bytesOf(room);
  },
  'postgres bytes': async () => bytesOf(roomOf(await readPostgres())),
};

obey({
  /** CPU and wall milliseconds of one reading, on the average of `times`; how many members or bytes the last one had. */
  read: async ({ way, times }) => {
    const read = ways[way];
    // What others left behind is not this one's to tidy up.
    globalThis.gc();
    const at = performance.now();
    const from = process.cpuUsage();
    let last;
    for (let n = 0; n < times; n += 1) last = await read();
    const { user, system } = process.cpuUsage(from);
    const wall = (performance.now() - at) / times;
    return { cpu: (user + system) / 1000 / times, wall, size: last.members?.length ?? last.length };
  },
});
process.send({ port: 0 });
