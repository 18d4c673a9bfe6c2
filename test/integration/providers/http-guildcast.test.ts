import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app.config.js';
import { StartupError } from '../../../src/database/startup-error.js';
import { type Member } from '../../../src/domain/member.js';
import { httpSettings } from '../../../src/providers/http/http-settings.js';
import { HttpProvider } from '../../../src/providers/http.provider.js';
import { type ProviderName } from '../../../src/providers/provider-registry.js';
import { presenceOf } from '../../support/events.js';
import { startTestApp, type TestApp, testKeys } from '../../support/test-app.js';

interface ShownGuild {
  id: string;
  door: string;
  memberCount: number | null;
}
interface Shown {
  guild: ShownGuild;
  members: { id: string; username: string; status: string }[];
  source: string;
}

async function get<T>(url: string, key?: string): Promise<T> {
  const response = await fetch(url, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
  return (await response.json()) as T;
}

describe('one Guildcast as the source of another', () => {
  let first: TestApp;
  let second: TestApp;
  let guilds: ShownGuild[];
  beforeAll(async () => {
    first = await startTestApp();
    second = await startTestApp({
      DATA_PROVIDERS: 'http',
      HTTP_SOURCE_GUILDS_URL: `${first.url}/api/v1/guilds`,
      HTTP_SOURCE_GUILD_URL: `${first.url}/api/v1/guilds/{guildId}`,
      HTTP_SOURCE_HEADERS: `Authorization: Bearer ${testKeys.read}`,
      HTTP_SOURCE_ALLOW_PRIVATE: 'true',
    });
    ({ guilds } = await get<{ guilds: ShownGuild[] }>(`${first.url}/api/v1/guilds`, testKeys.read));
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  it('shows the same guilds, with their doors, and the same members', async () => {
    expect(guilds.length).toBeGreaterThan(2);
    const shown = await get<{ guilds: ShownGuild[] }>(`${second.url}/api/v1/guilds`, testKeys.read);
    expect(shown.guilds).toEqual(guilds);
    for (const { id } of guilds) {
      const [there, here] = await Promise.all(
        [first, second].map(({ url }) => get<Shown>(`${url}/api/v1/guilds/${id}`, testKeys.read)),
      );
      expect(here?.guild).toEqual(there?.guild);
      expect(here?.members).toEqual(there?.members);
      expect([there?.source, here?.source]).toEqual(['mock', 'http']);
    }
  });

  it('guards what is guarded there', async () => {
    const guarded = guilds.find(({ door }) => door !== 'open')!;
    const response = await fetch(`${second.url}/api/v1/guilds/${guarded.id}`);
    expect(response.status).toBe(403);
  });

  it('tells what is true there when it is asked', async () => {
    const provider = new HttpProvider(
      httpSettings.parse({
        HTTP_SOURCE_GUILDS_URL: `${first.url}/api/v1/guilds`,
        HTTP_SOURCE_GUILD_URL: `${first.url}/api/v1/guilds/{guildId}`,
        HTTP_SOURCE_ALLOW_PRIVATE: 'true',
      }),
    );
    try {
      const open = guilds.find(({ door }) => door === 'open')!;
      const read = async () => (await provider.loadGuild(open.id))!.members as Member[];
      const one = (await read()).find(({ status }) => status !== 'dnd')!;
      await first.log.append(presenceOf(open.id, one, 'dnd'));
      await expect.poll(async () => (await read()).find(({ id }) => id === one.id)?.status).toBe('dnd');
      // Without a key it gets no further than any visitor.
      const guarded = guilds.find(({ door }) => door !== 'open')!;
      await expect(provider.loadGuild(guarded.id)).rejects.toThrow('403 Forbidden');
      expect(await provider.loadGuild('999999999999999999')).toBeUndefined();
    } finally {
      await provider.onApplicationShutdown();
    }
  });
});

describe('sources without what they need', () => {
  it.each<[ProviderName, string]>([
    ['postgres', 'POSTGRES_SOURCE_URL'],
    ['http', 'HTTP_SOURCE_GUILDS_URL'],
    ['http', 'HTTP_SOURCE_GUILD_URL'],
    ['file', 'FILE_SOURCE_PATH'],
  ])('%s: the start ends with a sentence that names %s', (name, key) => {
    const start = () => readConfig({ DATA_PROVIDERS: name });
    expect(start).toThrow(StartupError);
    expect(start).toThrow(`${key}: must be set for the source ${name}`);
  });
});
