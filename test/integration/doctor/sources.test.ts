import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runDoctor } from '../../../src/doctor/doctor.command.js';
import { readConfig } from '../../../src/app.config.js';
import { runScript } from '../../../src/database/run-script.js';
import { sampleSchema } from '../../../src/providers/postgres/sample-schema.js';
import { createEmptyDatabase, createTestDatabase } from '../../support/test-database.js';
import { HttpServer } from '../providers/http-server.js';
import { examined, findingsFor } from './examined.js';

let folder: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let server: HttpServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guildcast-doctor-'));
  database = await createTestDatabase();
  server = await HttpServer.start();
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

function http(more: Record<string, string> = {}): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    DATA_PROVIDERS: 'http',
    HTTP_SOURCE_GUILDS_URL: `${server.url}/guilds`,
    HTTP_SOURCE_GUILD_URL: `${server.url}/guilds/{guildId}`,
    HTTP_SOURCE_ALLOW_PRIVATE: 'true',
    ...more,
  };
}

async function plugin(name: string, text: string): Promise<string> {
  const file = path.join(folder, `${name}.mjs`);
  await writeFile(file, text);
  return file;
}

describe('the source http', () => {
  it('answers', async () => {
    server.json('/guilds', [{ id: '232769614004748288', name: 'World' }]);
    expect(await findingsFor('sources', http())).toMatchObject([
      { state: 'ok', sentence: matching(/^The source http answered in \d+ ms and knows one guild\.$/) },
    ]);
  });

  it('answers 500', async () => {
    server.on('/guilds', (response) => void response.writeHead(500).end('canary'));
    expect(await findingsFor('sources', http())).toMatchObject([
      {
        state: 'fail',
        sentence: matching(/^The source http gives no answer: .*500/),
        remedy: matching(/HTTP_SOURCE_GUILDS_URL/),
      },
    ]);
  });

  it('may not be asked where it is', async () => {
    const asked = server.requests.length;
    expect(await findingsFor('sources', http({ HTTP_SOURCE_ALLOW_PRIVATE: 'false' }))).toMatchObject([
      { state: 'fail', sentence: matching(/HTTP_SOURCE_ALLOW_PRIVATE/) },
    ]);
    expect(server.requests).toHaveLength(asked);
  });

  it('is let go after its answer', async () => {
    server.json('/guilds', []);
    expect(await findingsFor('sources', http())).toMatchObject([{ state: 'warn' }]);
    await vi.waitFor(() => expect(server.open).toBe(0), { timeout: 15_000 });
  });
});

describe('the source postgres', () => {
  it('lacks its tables, then has them', async () => {
    const own = await createEmptyDatabase();
    const env = { DATABASE_URL: database.url, DATA_PROVIDERS: 'postgres', POSTGRES_SOURCE_URL: own.url };
    try {
      expect(await findingsFor('sources', env)).toMatchObject([
        {
          state: 'fail',
          sentence: matching(/there is no table discord_servers/),
          remedy: matching(/POSTGRES_SOURCE_URL/),
        },
      ]);
      await runScript(own.url, sampleSchema('guildcast_source'));
      expect(await findingsFor('sources', env)).toMatchObject([{ state: 'ok', sentence: matching(/knows 2 guilds/) }]);
    } finally {
      await own.drop();
    }
  });
});

describe('the source file', () => {
  it('has no file, then one', async () => {
    const file = path.join(folder, 'guilds.json');
    const env = { DATABASE_URL: database.url, DATA_PROVIDERS: 'file', FILE_SOURCE_PATH: file };
    expect(await findingsFor('sources', env)).toMatchObject([
      { state: 'fail', sentence: matching(/no such file or folder/), remedy: matching(/FILE_SOURCE_PATH/) },
    ]);
    await writeFile(file, JSON.stringify({ id: '232769614004748288', name: 'World', members: [] }));
    expect(await findingsFor('sources', env)).toMatchObject([{ state: 'ok' }]);
  });
});

describe('plugins', () => {
  it('answer, break or hang, each for itself, and in their order', async () => {
    const files = [
      await plugin(
        'good',
        `export default { name: 'good', listGuilds: async () => [{ id: '1234567' }], loadGuild() {} }`,
      ),
      await plugin(
        'broken',
        `export default { name: 'broken', listGuilds() { throw new Error('no tape'); }, loadGuild() {} }`,
      ),
      await plugin(
        'hanging',
        `export default { name: 'hanging', listGuilds: () => new Promise(() => {}), loadGuild() {} }`,
      ),
      await plugin(
        'closing',
        `export default { name: 'closing', listGuilds: async () => [1, 2].map((n) => ({ id: '123456' + n })),
        loadGuild() {}, close() { globalThis.doctorHasClosed = true; throw new Error('no end'); } }`,
      ),
    ];
    const DATA_PROVIDERS = 'closing,mock,good,broken,hanging';
    const env = { DATABASE_URL: database.url, DATA_PROVIDERS, PROVIDER_PLUGINS: files.join(',') };
    expect(await findingsFor('sources', env)).toMatchObject([
      { state: 'ok', sentence: matching(/source closing answered in \d+ ms and knows 2 guilds/) },
      { state: 'skipped', sentence: matching(/source mock answers in the running/) },
      { state: 'ok', sentence: matching(/source good answered in \d+ ms and knows one guild/) },
      { state: 'fail', sentence: 'The source broken gives no answer: no tape.', remedy: matching(/PROVIDER_PLUGINS/) },
      { state: 'fail', sentence: 'The source hanging gives no answer: no answer within 9000 ms.' },
    ]);
    expect(globalThis).toHaveProperty('doctorHasClosed', true);
    Reflect.deleteProperty(globalThis, 'doctorHasClosed');
  }, 40_000);

  it('that cannot be loaded, or are not there', async () => {
    const broken = await plugin('syntax', 'export default {');
    const env = { DATABASE_URL: database.url, DATA_PROVIDERS: 'mine', PROVIDER_PLUGINS: broken };
    expect(await findingsFor('sources', env)).toMatchObject([
      { state: 'fail', sentence: matching(/^PROVIDER_PLUGINS: .*syntax\.mjs cannot be loaded/) },
    ]);
    const other = await plugin('other', `export default { name: 'other', listGuilds() {}, loadGuild() {} }`);
    expect(await findingsFor('sources', { ...env, PROVIDER_PLUGINS: other })).toMatchObject([
      { state: 'fail', sentence: matching(/there is no "mine"/) },
    ]);
  });
});

describe('secrets', () => {
  const secrets = {
    token: 'MTA.canaryOne.thisTokenIsSecret',
    key: 'canaryTwo7Qx0vN3kZr9T',
    password: 'canaryThree',
    header: 'canaryFour0123456789',
    redis: 'canaryFive',
    source: 'canarySix',
    origin: 'canarySeven',
  };

  it('are in no finding, whatever breaks and whatever others say', async () => {
    // Tells everything it was given.
    const chatty = await plugin(
      'chatty',
      `export default (env) => ({ name: 'chatty', listGuilds() { throw new Error(Object.values(env).join(' ')); }, loadGuild() {} })`,
    );
    server.on('/guilds', (response, request) => {
      response.writeHead(500, String(request.headers.authorization)).end(JSON.stringify(request.headers));
    });
    const env = http({
      DATA_PROVIDERS: 'http,postgres,chatty,discord-gateway',
      PROVIDER_PLUGINS: chatty,
      HTTP_SOURCE_HEADERS: `Authorization: Bearer ${secrets.header}`,
      DISCORD_TOKEN: secrets.token,
      DISCORD_API_URL: 'http://127.0.0.1:9/api',
      API_KEYS: `admin=${secrets.key}`,
      DATABASE_URL: `postgres://me:${secrets.password}@127.0.0.1:9/x`,
      POSTGRES_SOURCE_URL: `postgres://me:${secrets.source}@127.0.0.1:9/y`,
      REDIS_URL: `redis://me:${secrets.redis}@cache`,
      CORS_ORIGINS: `https://me:${secrets.origin}@a.example`,
    });
    const { ok, findings } = await examined(env);
    expect(ok).toBe(false);
    expect(findings.filter(({ state }) => state === 'fail').length).toBeGreaterThan(4);
    expect(findings.find(({ sentence }) => sentence.includes('The source chatty'))?.sentence).toContain('[secret]');
    const table = await runDoctor({ readConfig: () => readConfig(env), environment: env, color: false });
    expect(table.text).toContain('The source chatty');
    for (const secret of Object.values(secrets)) {
      expect(JSON.stringify(findings)).not.toContain(secret);
      expect(table.text).not.toContain(secret);
    }
  }, 30_000);

  it('are in no fault of settings that cannot be read', async () => {
    const env = {
      API_KEYS: `admin:${secrets.key}`,
      DATABASE_URL: `mysql://me:${secrets.password}@x`,
      DISCORD_TOKEN: `two words ${secrets.token}`,
      PORT: 'x',
    };
    const { ok, findings } = await examined(env);
    expect(ok).toBe(false);
    const faults = findings.filter(({ check }) => check === 'settings').map(({ sentence }) => sentence.split(':')[0]);
    expect(faults.sort()).toEqual(['API_KEYS', 'DATABASE_URL', 'DISCORD_TOKEN', 'PORT']);
    expect(findings.filter(({ check }) => check === 'node')).toMatchObject([{ state: 'ok' }]);
    expect(findings.filter(({ check }) => check === 'disk')).toMatchObject([{ state: 'skipped' }]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });
});
