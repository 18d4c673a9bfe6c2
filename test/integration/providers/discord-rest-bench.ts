import { Logger } from '@nestjs/common';
import { REST } from 'discord.js';
import { afterEach, beforeEach, vi } from 'vitest';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';
import { restOptions } from '../../../src/discord/client-options.js';
import { GuildAdmission } from '../../../src/discord/guild-admission.js';
import { RestGuilds, type RestGuildsLimits } from '../../../src/discord/rest-guilds.js';
import { RestStatus } from '../../../src/discord/rest-status.js';
import { DiscordRestProvider } from '../../../src/providers/discord-rest.provider.js';
import { FakeDiscord, type FakeDiscordOptions } from '../../../src/testing/fake-discord/index.js';
import { HttpServer } from './http-server.js';

export const token = 'MTA.secret-token.of-the-rest-source';

export interface RestBench {
  /** What was logged, instead of on the screen. */
  logs: string[];
  discord(options?: FakeDiscordOptions): Promise<FakeDiscord>;
  /** A server that plays a Discord of another kind. */
  server(): Promise<HttpServer>;
  source(
    apiUrl: string,
    options?: Partial<RestGuildsLimits> & { shown?: '*' | string[] },
  ): { provider: DiscordRestProvider; status: RestStatus };
}

/** The source over real connections; what a test opened is closed after it. */
export function useRestSource(): RestBench {
  let closing: (() => unknown)[] = [];
  const bench: RestBench = {
    logs: [],
    async discord(options = {}) {
      const discord = await FakeDiscord.start({ token, ...options });
      closing.push(() => discord.stop());
      return discord;
    },
    async server() {
      const server = await HttpServer.start();
      closing.push(() => server.close());
      return server;
    },
    source(apiUrl, { shown = '*', ...limits } = {}) {
      const budget = new InvalidRequestBudget(1_000);
      const rest = new REST(restOptions(apiUrl, budget));
      const admission = new GuildAdmission(shown);
      const status = new RestStatus(rest, admission, token, true);
      closing.push(() => status.onApplicationShutdown());
      return { provider: new DiscordRestProvider(new RestGuilds(rest, status, admission, budget, limits)), status };
    },
  };
  beforeEach(() => {
    bench.logs = [];
    for (const level of ['log', 'warn', 'error', 'debug'] as const)
      vi.spyOn(Logger.prototype, level).mockImplementation((text: unknown) => void bench.logs.push(String(text)));
  });
  afterEach(async () => {
    await Promise.all(closing.map((close) => close()));
    closing = [];
    vi.restoreAllMocks();
  });
  return bench;
}

/** How often a route was asked for, by its end. */
export function asked(discord: FakeDiscord, path: RegExp): number {
  return discord.requests.filter((request) => path.test(request.path)).length;
}

export const listRoute = '/v10/users/@me/guilds?limit=200&after=0';

export function membersRoute(guildId: string, after = '0'): string {
  return `/v10/guilds/${guildId}/members?limit=1000&after=${after}`;
}

/** A guild with no members yet, at another Discord. */
export function serveGuild(server: HttpServer, id: string): void {
  server.json(listRoute, [{ id, name: 'Town', icon: null }]);
  server.json(`/v10/guilds/${id}`, { id, name: 'Town', icon: null, roles: [] });
  server.json(membersRoute(id), []);
}

export function wireMember(id: string, fields: object = {}): object {
  return { user: { id, username: `m${id}` }, roles: [], joined_at: '2024-01-02T03:04:05.678000+00:00', ...fields };
}
