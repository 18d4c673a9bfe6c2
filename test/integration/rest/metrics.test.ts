import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../src/app.config.js';
import { openApp } from '../../../src/app.open.js';
import { MetricsServer } from '../../../src/rest/metrics.server.js';
import { StartupError } from '../../../src/database/startup-error.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { memberOf, presenceOf } from '../../support/events.js';
import { startTestApp, type TestApp, testKeys } from '../../support/test-app.js';

const dworld = '232769614004748288';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    METRICS_PORT: '0',
    RATE_LIMIT_PUBLISH_PER_MINUTE: '1',
    QUEUE_POLL_SECONDS: '1',
    QUEUE_DELIVERY: 'push',
  });
});
afterAll(() => app.close());

function get(path: string, key?: string): Promise<Response> {
  return fetch(app.url + path, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
}

/** The value of one sample, such as `guildcast_x{a="b"}`. */
async function read(sample: string): Promise<number | undefined> {
  const text = await (await get('/metrics', testKeys.metrics)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length));
}

function publish(userId: string): Promise<Response> {
  return fetch(`${app.url}/api/v1/notifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKeys.publish}`, 'content-type': 'application/json' },
    body: JSON.stringify({ target: { userId }, type: 'secret-type', payload: { word: 'secret-payload' } }),
  });
}

describe('GET /metrics', () => {
  it('is for keys of its scope, and for admins', async () => {
    expect((await get('/metrics')).status).toBe(401);
    for (const key of [testKeys.read, testKeys.publish, testKeys.consume]) {
      expect((await get('/metrics', key)).status).toBe(403);
    }
    for (const key of [testKeys.metrics, testKeys.admin]) {
      const answer = await get('/metrics', key);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.headers.get('cache-control')).toBe('private, no-store');
      expect(await answer.text()).toContain('nodejs_eventloop_lag_seconds');
    }
    expect((await get('/api/v1/notifications/1', testKeys.metrics)).status).toBe(403);
  });

  it('counts the events of the log, and what the log holds', async () => {
    const before = (await read('guildcast_events_total{type="presence.updated"}'))!;
    const held = (await read('guildcast_event_log_events'))!;
    await app.log.append(presenceOf(dworld, memberOf('123456789012345004'), 'idle'));
    expect(await read('guildcast_events_total{type="presence.updated"}')).toBe(before + 1);
    expect(await read('guildcast_event_log_events')).toBe(held + 1);
    expect(await read('guildcast_events_total{type="guild.removed"}')).toBe(0);
  });

  it('knows how Discord stands', async () => {
    expect(await read('guildcast_discord_state{state="off"}')).toBe(1);
    expect(await read('guildcast_discord_state{state="ready"}')).toBe(0);
  });

  it('counts notifications, tries and refusals, and shows nothing of anybody', async () => {
    expect((await publish('80351110224678912')).status).toBe(202);
    expect((await publish('80351110224678912')).status).toBe(429);
    expect(await read('guildcast_rate_limit_refusals_total{bucket="publish"}')).toBe(1);
    expect(await read('guildcast_rate_limit_refusals_total{bucket="http"}')).toBe(0);
    // Without a bot every try is put off.
    await vi.waitFor(
      async () =>
        expect(await read('guildcast_notification_attempts_total{outcome="postponed"}')).toBeGreaterThanOrEqual(1),
      { timeout: 10_000 },
    );
    // The count of an earlier scrape serves for five seconds.
    await vi.waitFor(
      async () => {
        const waiting = (await read('guildcast_notifications{state="pending"}'))!;
        expect(waiting + (await read('guildcast_notifications{state="leased"}'))!).toBe(1);
      },
      { timeout: 15_000, interval: 500 },
    );
    const text = await (await get('/metrics', testKeys.admin)).text();
    for (const secret of [
      ...Object.values(testKeys),
      '80351110224678912',
      dworld,
      'secret-',
      '127.0.0.1',
      'postgres',
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('METRICS_PORT', () => {
  it('serves the metrics without a key, and nothing else', async () => {
    const { url } = app.app.get(MetricsServer, { strict: false });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(await answer.text()).toContain('guildcast_events_total');
    expect((await fetch(new URL('/api/v1/guilds', url))).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('ends the start with a sentence when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const keys = `admin=${testKeys.admin}`;
    const env = { DATABASE_URL: app.config.DATABASE_URL, PORT: '0', METRICS_PORT: String(port), API_KEYS: keys };
    const config = readConfig({ ...env, LOG_LEVEL: 'silent' });
    const fault: unknown = await openApp(config, { say: () => undefined }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(StartupError);
    expect((fault as Error).message).toBe(
      `Port ${port} on 127.0.0.1 is taken by another program: set METRICS_PORT to another (0 takes a free one).`,
    );
    other.close();
  });

  it('stops with the application, also while a scraper keeps its connection open', async () => {
    const server = new MetricsServer(new Metrics(), { port: 0, host: '127.0.0.1' });
    await server.onModuleInit();
    const { url } = server;
    expect((await fetch(url)).status).toBe(200);
    await server.onApplicationShutdown();
    await expect(fetch(url)).rejects.toThrow();
  });
});
