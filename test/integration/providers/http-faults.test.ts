import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { SourceBusyError } from '../../../src/providers/source-busy.error.js';
import { useHttpSource } from './http-fixture.js';
import { type Answer } from './http-server.js';
import { faultOf, hallId, serveTown, townId } from './source-parts.js';

const town = `/users/${townId}`;
const json = { 'content-type': 'application/json' };
const short = { HTTP_SOURCE_TIMEOUT_MS: '300' };

const fixture = useHttpSource();

describe('the source http in trouble', () => {
  it.each<[string, Answer, RegExp, Record<string, string>?]>([
    ['says nothing', () => undefined, /gave no whole answer within 300 ms/, short],
    [
      'says nothing after its head',
      (response) => response.writeHead(200, json).flushHeaders(),
      /no whole answer within/,
      short,
    ],
    [
      'stops in the middle',
      (response) => response.writeHead(200, json).write('{"a":'),
      /no whole answer within/,
      short,
    ],
    [
      'dribbles',
      (response) => {
        response.writeHead(200, json);
        const timer = setInterval(() => (response.destroyed ? clearInterval(timer) : response.write(' ')), 20);
      },
      /no whole answer within/,
      short,
    ],
    ['cuts the connection', (response) => response.destroy(), /cut the connection \(/],
    [
      'cuts the connection in the middle',
      (response) => {
        response.writeHead(200, { ...json, 'content-length': '1000' }).write('{"a":', () => response.destroy());
      },
      /cut the connection \(/,
    ],
    [
      'does not speak HTTP',
      (response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'),
      /is not HTTP|cut the connection/,
    ],
    [
      'has an endless head',
      (response) => response.writeHead(200, { 'x-long': 'x'.repeat(40_000) }).end('{}'),
      /head of its answer is too long/,
    ],
    ['answers 500', (response) => response.writeHead(500, json).end('{}'), /is 500 Internal Server Error/],
    ['answers 401', (response) => response.writeHead(401, json).end('{}'), /is 401 Unauthorized/],
    ['answers 204', (response) => response.writeHead(204).end(), /is 204 No Content/],
    ['answers 206', (response) => response.writeHead(206, json).end('{}'), /is 206 Partial Content/],
    ['answers 304 to no question', (response) => response.writeHead(304).end(), /is 304 Not Modified/],
    ['answers 429 without a pause', (response) => response.writeHead(429).end(), /is 429 Too Many Requests$/],
    ['has a status of its own', (response) => response.writeHead(599, 'hidden-word').end(), /is 599$/],
    [
      'answers HTML',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hidden-word'),
      /is text\/html and not JSON/,
    ],
    ['calls HTML JSON', (response) => response.writeHead(200, json).end('<html>hidden-word</html>'), /is not JSON/],
    ['does not say what it answers', (response) => response.writeHead(200).end('{}'), /of no known type and not JSON/],
    [
      'says nonsense about what it answers',
      (response) => response.writeHead(200, { 'content-type': 'hidden-word' }).end('{}'),
      /of no known type/,
    ],
    ['is empty', (response) => response.writeHead(200, json).end(), /is empty/],
    [
      'answers half a JSON',
      (response) => response.writeHead(200, json).end('{"members":[{"id":"hidden-word'),
      /ends in the middle/,
    ],
    [
      'answers another half',
      (response) => response.writeHead(200, json).end('{"members":[{"id":"1"}'),
      /ends in the middle/,
    ],
    ['answers broken JSON', (response) => response.writeHead(200, json).end('{"members": hidden-word}'), /is not JSON/],
    ['answers NaN', (response) => response.writeHead(200, json).end('{"members":[{"id":NaN}]}'), /is not JSON/],
    [
      'answers other letters',
      (response) => response.writeHead(200, json).end(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
      /is not UTF-8/,
    ],
    [
      'packs as nobody asked',
      (response) => response.writeHead(200, { ...json, 'content-encoding': 'hidden-word' }).end('{}'),
      /packed in a way/,
    ],
    [
      'packs twice',
      (response) =>
        response.writeHead(200, { ...json, 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync('{}'))),
      /packed in a way/,
    ],
    [
      'packs badly',
      (response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('{}'),
      /cannot be unpacked/,
    ],
    [
      'packs half',
      (response) =>
        response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}').subarray(0, 20)),
      /cannot be unpacked/,
    ],
    [
      'redirects to another server',
      (response) => response.writeHead(302, { location: 'http://example.com/hidden-word' }).end(),
      /another server, which is not followed/,
    ],
    [
      'redirects to another port',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      /another server/,
    ],
    [
      'redirects to where clouds tell secrets',
      (response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      /another server/,
    ],
    [
      'redirects to a private network',
      (response) => response.writeHead(307, { location: '//10.0.0.5/' }).end(),
      /another server/,
    ],
    [
      'redirects out of HTTP',
      (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      /another server/,
    ],
    ['redirects nowhere', (response) => response.writeHead(302).end(), /redirect to nowhere/],
    ['redirects in a circle', (response) => response.writeHead(302, { location: town }).end(), /4th in a row/],
  ])('gets a sentence for it when a server %s', async (_name, answer, expected, env) => {
    serveTown(fixture.server);
    fixture.server.on(town, answer);
    const source = fixture.provider({ ...env, HTTP_SOURCE_HEADERS: 'Authorization: Bearer top-secret' });
    const fault = await faultOf(source.loadGuild(townId));
    expect(fault).toMatch(expected);
    expect(fault).toContain(fixture.server.url);
    expect(fault).not.toMatch(/hidden-word|top-secret/);
    expect(fault.length).toBeLessThan(200);
    // One bad answer costs the next question nothing.
    expect(await source.loadGuild(hallId)).toBeDefined();
  });

  it.each([
    [429, '7', 7_000],
    [503, '0', 0],
    [503, new Date(Date.now() + 5_400_000).toUTCString(), 3_600_000],
  ])('passes on the pause that a %d wants (%s)', async (status, pause, retryAfterMs) => {
    fixture.server.on(town, (response) => response.writeHead(status, { 'retry-after': pause }).end('hidden-word'));
    const error: unknown = await fixture
      .provider()
      .loadGuild(townId)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceBusyError);
    expect(error).toMatchObject({ retryAfterMs, message: expect.stringContaining(`is ${status} `) as string });
  });

  it('is not asked again before the pause that it wants is over', async () => {
    serveTown(fixture.server);
    fixture.server.on(town, (response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    const chain = chainOf([fixture.provider()], 5_000);
    for (const id of [townId, townId, hallId])
      await expect(chain.load(id)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(await chain.guilds()).toEqual([]);
    expect(fixture.server.asked()).toEqual([town]);
    expect(fixture.warnings).toEqual([
      expect.stringContaining('to be asked again in 3600 s'),
      'data source http: asked not to be asked for a while',
    ]);
  });

  it('gives up when it is told to', async () => {
    fixture.server.on(town, () => undefined);
    // Longer than the test may take: its own time is not what ends the question.
    const source = fixture.provider({ HTTP_SOURCE_TIMEOUT_MS: '120000' });
    const limit = new AbortController();
    const asking = faultOf(source.loadGuild(townId, limit.signal));
    await vi.waitFor(() => expect(fixture.server.requests).toHaveLength(1));
    limit.abort();
    expect(await asking).toMatch(/gave no whole answer in time/);
    await vi.waitFor(() => expect(fixture.server.requests[0]?.socket.destroyed).toBe(true));
    expect(fixture.server.requests).toHaveLength(1);
  });

  it('gives up the second of two questions as well', async () => {
    // Members alone: the list has to be asked for the guild's name.
    fixture.server.json(town, []);
    fixture.server.on('/servers', () => undefined);
    const limit = new AbortController();
    const asking = faultOf(fixture.provider({ HTTP_SOURCE_TIMEOUT_MS: '120000' }).loadGuild(townId, limit.signal));
    await vi.waitFor(() => expect(fixture.server.asked()).toEqual([town, '/servers']));
    limit.abort();
    expect(await asking).toMatch(/gave no whole answer in time/);
  });

  it('does not begin what it was told to give up', async () => {
    const asking = fixture.provider().loadGuild(townId, AbortSignal.abort());
    expect(await faultOf(asking)).toMatch(/gave no whole answer in time/);
    // By now a connection would be there.
    await fixture.provider().loadGuild(townId);
    expect(fixture.server.connections).toBe(1);
  });

  it('ends what is under way when it is closed', async () => {
    fixture.server.on(town, () => undefined);
    const source = fixture.provider();
    const asking = faultOf(source.loadGuild(townId));
    await vi.waitFor(() => expect(fixture.server.requests).toHaveLength(1));
    await source.onApplicationShutdown();
    expect(await asking).toMatch(/cannot be asked/);
  });

  it('tells nobody its headers, the queries of its addresses or what was answered', async () => {
    const secrets = /hidden-word|s3cret/;
    const source = fixture.provider({
      HTTP_SOURCE_GUILDS_URL: `${fixture.server.url}/servers?key=s3cret`,
      HTTP_SOURCE_GUILD_URL: `${fixture.server.url}/users/{guildId}?key=s3cret`,
      HTTP_SOURCE_HEADERS: 'Authorization: Bearer hidden-word',
    });
    const echo: Answer = (response, request) => {
      const said = String(request.headers.authorization);
      response
        .writeHead(500, { 'content-type': `text/plain; x="${said}"`, 'x-echo': said, location: `/${said}` })
        .end(said);
    };
    fixture.server.on('/servers?key=s3cret', echo);
    fixture.server.on(`${town}?key=s3cret`, echo);
    const chain = chainOf([source], 5_000);
    expect(await chain.guilds()).toEqual([]);
    await expect(chain.load(townId)).rejects.not.toThrow(secrets);
    fixture.server.on('/servers?key=s3cret', (response, request) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"said": ${String(request.headers.authorization)}`);
    });
    await chain.guilds();
    // The list and the guild met the same fault, which is said once.
    expect(fixture.warnings).toHaveLength(2);
    expect(fixture.warnings.join('\n')).not.toMatch(secrets);
  });
});
