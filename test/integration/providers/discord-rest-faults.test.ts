import { describe, expect, it, vi } from 'vitest';
import { SourceBusyError } from '../../../src/providers/source-busy.error.js';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { asked, listRoute, membersRoute, serveGuild, token, useRestSource, wireMember } from './discord-rest-bench.js';
import { type Answer } from './http-server.js';
import { faultOf } from './source-parts.js';

const bench = useRestSource();

const id = '300000000000000001';
const guildRoute = `/v10/guilds/${id}`;
const json = { 'content-type': 'application/json' };
const list = /@me\/guilds$/;
const members = /\/members$/;

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  );
}

describe('the source discord-rest and rate limits', () => {
  it.each([
    ['the list of guilds', list, 30],
    ['a guild', /guilds\/\d+$/, 7.5],
    ['members', members, 16],
  ])('passes on the pause that Discord wants: %s', async (_what, path, seconds) => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl);
    const body = { message: 'You are being rate limited.', retry_after: seconds, global: false };
    discord.refuseNext({ path, status: 429, body });
    const error = await errorOf(provider.loadGuild(guild.id));
    expect(error).toBeInstanceOf(SourceBusyError);
    const { message, retryAfterMs } = error as SourceBusyError;
    expect(message).toMatch(/^Discord asks for a pause of \d+ s$/);
    expect(retryAfterMs).toBeGreaterThanOrEqual(seconds * 1_000);
    expect(retryAfterMs).toBeLessThan(seconds * 1_000 + 1_000);
    expect(status.current().state).toBe('ready');
    expect(asked(discord, path)).toBe(1);
  });

  it('is left alone for that long', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const chain = chainOf([bench.source(discord.apiUrl).provider], 10_000);
    discord.refuseNext({ path: list, status: 429, headers: { 'Retry-After': '60' } });
    await expect(chain.load(guild.id)).rejects.toMatchObject({ code: 'guild.unavailable' });
    await expect(chain.load(guild.id)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(discord.requests).toHaveLength(1);
    expect(bench.logs.join('\n')).toContain('Discord asks for a pause');
  });

  it('does not ask again and again after a 429 that names no pause', async () => {
    const discord = await bench.discord();
    discord.refuseNext({ path: list, status: 429, body: { message: 'Slow down' }, times: 5 });
    const error = await errorOf(bench.source(discord.apiUrl).provider.listGuilds());
    expect(error).toMatchObject({ name: 'SourceBusyError', retryAfterMs: 5_000 });
    expect(discord.requests).toHaveLength(1);
  });

  it('waits for short ones between pages', async () => {
    const discord = await bench.discord({ rateLimit: { limit: 1, window: 400 } });
    const guild = discord.addGuild({ name: 'Crowd' });
    for (let n = 1; n < 2_001; n += 1) guild.addMember({ username: `m${n}` });
    const { provider } = bench.source(discord.apiUrl);
    expect((await provider.loadGuild(guild.id))?.members).toHaveLength(2_001);
    const pages = discord.requests.filter(({ path, status }) => members.test(path) && status === 200);
    expect(pages).toHaveLength(3);
  });
});

describe('the source discord-rest when it is given up', () => {
  it('asks nothing it was told to give up', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider } = bench.source(discord.apiUrl);
    await provider.listGuilds();
    expect(await faultOf(provider.loadGuild(guild.id, AbortSignal.abort()))).toBe(
      'Discord gave no whole answer in time',
    );
    await provider.loadGuild(guild.id);
    expect(asked(discord, new RegExp(guild.id))).toBe(2);
  });

  it.each<[string, string, Answer]>([
    ['before an answer', guildRoute, () => undefined],
    ['in the middle of one', membersRoute(id), (response) => response.writeHead(200, json).write('[{"user":')],
  ])('ends the question %s', async (_when, route, answer) => {
    const server = await bench.server();
    serveGuild(server, id);
    server.on(route, answer);
    const { provider, status } = bench.source(server.url);
    await provider.listGuilds();
    const limit = new AbortController();
    const asking = faultOf(provider.loadGuild(id, limit.signal));
    await vi.waitFor(() => expect(server.asked().at(-1)).toBe(route), { timeout: 10_000 });
    limit.abort();
    expect(await asking).toBe('Discord gave no whole answer in time');
    const { socket } = server.requests.at(-1)!;
    await vi.waitFor(() => expect(socket.destroyed).toBe(true), { timeout: 10_000 });
    expect(status.current().state).toBe('ready');
  });

  it('asks for no further page', async () => {
    const server = await bench.server();
    serveGuild(server, id);
    const page = Array.from({ length: 1_000 }, (_, n) => wireMember(String(310000000000000000n + BigInt(n))));
    const limit = new AbortController();
    server.on(membersRoute(id), (response) => {
      response.writeHead(200, json).end(JSON.stringify(page), () => limit.abort());
    });
    const { provider } = bench.source(server.url);
    expect(await faultOf(provider.loadGuild(id, limit.signal))).toBe('Discord gave no whole answer in time');
    // By now the next page would have been asked for.
    await provider.loadGuild(id).catch(() => undefined);
    expect(server.asked().filter((path) => path === membersRoute(id, '310000000000000999'))).toHaveLength(1);
  });

  it('does not wait for a rate limit to pass', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider } = bench.source(discord.apiUrl);
    discord.refuseNext({ path: members, status: 429, headers: { 'Retry-After': '3' } });
    const limit = new AbortController();
    let ended = false;
    const asking = faultOf(provider.loadGuild(guild.id, limit.signal)).finally(() => (ended = true));
    await vi.waitFor(() => expect(asked(discord, members)).toBe(1), { timeout: 10_000 });
    // Its answer is read, and discord.js waits.
    await provider.loadGuild('999999999999999999');
    expect(ended).toBe(false);
    limit.abort();
    // Somebody else's way there and back, which is not worth three seconds.
    await fetch(discord.apiUrl);
    expect(ended).toBe(true);
    expect(await asking).toBe('Discord gave no whole answer in time');
    expect(asked(discord, members)).toBe(1);
  });

  it('lets one who gives up the list of guilds end nobody else’s', async () => {
    const server = await bench.server();
    serveGuild(server, id);
    let answer: () => void = () => undefined;
    server.on(listRoute, (response) => {
      answer = () => void response.writeHead(200, json).end(JSON.stringify([{ id, name: 'Town', icon: null }]));
    });
    const { provider } = bench.source(server.url);
    const limit = new AbortController();
    const impatient = faultOf(provider.listGuilds(limit.signal));
    const patient = provider.listGuilds();
    await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 10_000 });
    limit.abort();
    expect(await impatient).toBe('Discord gave no whole answer in time');
    answer();
    expect(await patient).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });
});

describe('the source discord-rest in trouble', () => {
  it('stops at a refused token and says what to do, once', async () => {
    const discord = await bench.discord({ token: 'another' });
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl);
    expect(await faultOf(provider.listGuilds())).toMatch(/^Discord refused the token in DISCORD_TOKEN\. .*Reset Token/);
    expect(await faultOf(provider.loadGuild(guild.id))).toContain('Discord refused the token');
    expect(discord.requests).toHaveLength(1);
    expect(status.current()).toMatchObject({ state: 'refused', missingIntents: [] });
    expect(status.tokenRefusal()).toContain('Reset Token');
    expect(bench.logs).toEqual([expect.stringContaining('Reset Token')]);
    await status.settled();
  });

  it('takes a no to the list of guilds for a fault, not for no guilds', async () => {
    const discord = await bench.discord();
    const { provider, status } = bench.source(discord.apiUrl);
    discord.refuseNext({ path: list, status: 403, body: { message: token, code: 40_001 } });
    expect(await faultOf(provider.listGuilds())).toBe('Discord refused the question (HTTP 403, code 40001)');
    expect(status.current()).toMatchObject({ state: 'connecting', detail: expect.stringContaining('403') as string });
    expect(await provider.listGuilds()).toEqual([]);
    expect(status.current()).toEqual({ state: 'ready', missingIntents: [] });
  });

  it('is there again after an outage', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl);
    await provider.listGuilds();
    await discord.goDown();
    expect(await faultOf(provider.loadGuild(guild.id))).toMatch(/^Discord cannot be reached \(/);
    expect(status.current()).toMatchObject({ state: 'connecting', detail: expect.stringContaining('again') as string });
    await discord.comeBack();
    expect(await provider.loadGuild(guild.id)).toBeDefined();
    expect(status.current()).toEqual({ state: 'ready', missingIntents: [] });
  });

  it('takes a list of guilds that stops in the middle for none', async () => {
    const server = await bench.server();
    server.on(listRoute, (response) => response.writeHead(200, json).write('[{"id":'));
    const { provider, status } = bench.source(server.url, { lookMs: 300 });
    expect(await faultOf(provider.listGuilds())).toBe('Discord gave no whole answer in time');
    expect(status.current()).toMatchObject({
      state: 'connecting',
      detail: expect.stringContaining('in time') as string,
    });
    serveGuild(server, id);
    expect(await provider.listGuilds()).toHaveLength(1);
  });

  const echo = String(token);
  it.each<[string, string, Answer, RegExp]>([
    ['fails', guildRoute, (response) => response.writeHead(503).end(echo), /^Discord is out of order \(HTTP 503\)$/],
    [
      'refuses',
      guildRoute,
      (response) => response.writeHead(400, json).end(JSON.stringify({ message: echo, code: 50_035 })),
      /^Discord refused the question \(HTTP 400, code 50035\)$/,
    ],
    [
      'is not asked at all, but somebody before it',
      guildRoute,
      (response) => response.writeHead(403, { 'content-type': 'text/html' }).end(`<html>${echo}`),
      /^Discord's edge refused the question \(HTTP 403\)$/,
    ],
    [
      'is not asked for members, but somebody before it',
      membersRoute(id),
      (response) => response.writeHead(403, json).end(JSON.stringify({ message: echo })),
      /^Discord's edge refused the question \(HTTP 403\)$/,
    ],
    [
      'hides a guild behind a page',
      guildRoute,
      (response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>'),
      /^Discord's edge refused the question \(HTTP 404\)$/,
    ],
    ['cuts the connection', guildRoute, (response) => response.destroy(), /^Discord cannot be reached \(/],
    [
      'answers HTML',
      guildRoute,
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(echo),
      /^Discord's answer is not a guild/,
    ],
    [
      'answers broken JSON',
      membersRoute(id),
      (response) => response.writeHead(200, json).end(`{"a": ${echo}`),
      /^Discord's answer is not JSON$/,
    ],
    [
      'answers another shape',
      membersRoute(id),
      (response) =>
        response.writeHead(200, json).end(JSON.stringify([wireMember('310000000000000001'), { user: echo }])),
      /^Discord's answer is not a list of members \(at "1\.user"\)$/,
    ],
    [
      'answers a member without a usable id',
      membersRoute(id),
      (response) => response.writeHead(200, json).end(JSON.stringify([wireMember(echo)])),
      /^Discord's answer is not a list of members \(at "0\.user\.id"\)$/,
    ],
    [
      'tells a time that is none',
      membersRoute(id),
      (response) =>
        response.writeHead(200, json).end(JSON.stringify([wireMember('310000000000000001', { joined_at: echo })])),
      /^Discord's answer is not a list of members \(at "0\.joined_at"\)$/,
    ],
  ])('gets a sentence for it when Discord %s, without the token', async (_what, route, answer, sentence) => {
    const server = await bench.server();
    serveGuild(server, id);
    server.on(route, answer);
    const { provider, status } = bench.source(server.url);
    const chain = chainOf([provider], 20_000);
    const error = await errorOf(provider.loadGuild(id));
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain('secret-token');
    expect(Object.keys(error as Error)).toEqual([]);
    expect((error as Error).message).toMatch(sentence);
    expect(status.current()).toMatchObject({
      state: 'connecting',
      detail: `${(error as Error).message}; trying again.`,
    });
    await expect(chain.load(id)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(bench.logs.length).toBeGreaterThan(0);
    expect(bench.logs.join('\n')).not.toContain('secret-token');
    expect(server.requests[0]?.headers.authorization).toBe(`Bot ${token}`);
  });
});
