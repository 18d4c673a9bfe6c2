import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventSource } from 'eventsource';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { GuildSettingsStore } from '../../src/guilds/guild-settings.js';
import { memberOf, messageOf, presenceOf } from '../support/events.js';
import { startGuildcast } from '../support/guildcast-process.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { createTestDatabase } from '../support/test-database.js';

const dworld = '232769614004748288';
const docs = '482241773318701056';
const repos = '987654321098765432';
const outlast = { timeout: 20_000 };

interface Alert {
  rule: string;
  state: string;
  value: number;
}
const alertsIn = (events: readonly DomainEvent[]) =>
  events
    .filter(({ type }) => type === 'announcement.created')
    .map(({ data }) => (data as { data: { alert: Alert } }).data)
    .map(({ alert }) => `${alert.rule} ${alert.state} at ${alert.value}`);

/** The request in the guide, for the server of a test. */
function requestOfTheGuide(url: string, key: string): Promise<Response> {
  const guide = readFileSync(path.join(import.meta.dirname, '../../docs/alerts.md'), 'utf8');
  const example = /```sh\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const [, method, address = ''] = /curl -X (\w+) http:\/\/127\.0\.0\.1:3000(\S+)/.exec(example) ?? [];
  const headers = [...example.matchAll(/-H (["'])(.+?)\1/g)].map(([, , header = '']) => header.split(': ', 2));
  const body = /-d '(.*)'/.exec(example)?.[1];
  const filled = headers.map(([name = '', value = '']) => [name, value.replace('$(cat data/admin.key)', key)]);
  return fetch(url + address, { method, headers: filled as [string, string][], body });
}

describe('alert rules', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  const ask = (
    method: 'get' | 'put' | 'delete',
    of: string,
    { key = testKeys.admin, body = undefined as object | undefined } = {},
  ) => {
    const asking = request(app.app.getHttpServer())[method](`/api/v1/admin/guilds/${of}`);
    if (key !== '') asking.set('Authorization', `Bearer ${key}`);
    return body === undefined ? asking : asking.send(body);
  };

  it('say once, in the room and on every transport, that a figure is beyond a threshold, and again after it was back', async () => {
    const people = ['1', '2', '3', '4'].map((last) => memberOf(`12345678901234500${last}`));
    const make = (status: 'online' | 'offline', count: number) =>
      Promise.all(people.slice(0, count).map((person) => app.log.append(presenceOf(dworld, person, status))));
    const inside = await SocketIoClient.open(app.url);
    await inside.ask('join', { guildId: dworld });
    await make('offline', 4);
    const written = await requestOfTheGuide(app.url, testKeys.admin);
    expect(written.status).toBe(200);
    expect(await written.json()).toMatchObject({ name: 'busy', figure: 'online', above: 3, rearm: 2, state: 'armed' });
    await ask('put', 'dworld/alerts/lively', {
      body: { figure: 'online', above: 1, rearm: 0, tellCleared: true },
    }).expect(200);

    const elsewhere = await SocketIoClient.open(app.url);
    await elsewhere.ask('join', { guildId: docs });
    const streamed: DomainEvent[] = [];
    const stream = new EventSource(`${app.url}/api/v1/guilds/dworld/events`);
    await new Promise((resolve) => stream.addEventListener('snapshot', resolve));
    stream.addEventListener('announcement.created', (event) => {
      streamed.push(JSON.parse(String(event.data)) as DomainEvent);
    });

    await vi.waitFor(async () => {
      expect((await ask('get', 'dworld/alerts/busy')).body).toMatchObject({ state: 'armed', value: 0 });
    }, outlast);
    await make('online', 4);
    await vi.waitFor(() => expect(alertsIn(inside.events)).toHaveLength(2), outlast);
    const busy = inside.events.find(({ data }) => (data as { data?: { text?: string } }).data?.text !== undefined);
    expect(busy).toMatchObject({
      type: 'announcement.created',
      guildId: dworld,
      data: {
        data: {
          alert: { rule: 'busy', figure: 'online', value: 4, above: 3, state: 'raised' },
          text: 'It is getting busy',
        },
      },
    });
    const listed = await ask('get', 'dworld/alerts')
      .expect(200)
      .expect('cache-control', /no-store/);
    expect(listed.body).toMatchObject({
      alerts: [
        { name: 'busy', state: 'raised', value: 4, raisedAt: expect.stringMatching(/Z$/) as string },
        { name: 'lively', state: 'raised', value: 4, tellCleared: true },
      ],
    });

    // Between rearm and threshold, and beyond again: nothing. `lively` shows when the figures were looked at.
    await make('offline', 1);
    await make('online', 4);
    await make('offline', 4);
    await vi.waitFor(() => expect(alertsIn(inside.events).at(-1)).toBe('lively cleared at 0'), outlast);
    await make('online', 4);
    await vi.waitFor(() => expect(alertsIn(inside.events)).toHaveLength(5), outlast);
    expect(alertsIn(inside.events).sort()).toEqual([
      'busy raised at 4',
      'busy raised at 4',
      'lively cleared at 0',
      'lively raised at 4',
      'lively raised at 4',
    ]);
    await vi.waitFor(() => expect(alertsIn(streamed)).toEqual(alertsIn(inside.events)), outlast);
    expect(elsewhere.events).toEqual([]);

    await ask('delete', 'dworld/alerts/busy').expect(204);
    await ask('delete', 'dworld/alerts/busy').expect(404);
    await ask('get', 'dworld/alerts/busy').expect(404);
    expect((await ask('get', 'dworld/alerts/lively').expect(200)).body).toMatchObject({ name: 'lively' });
    stream.close();
    inside.close();
    elsewhere.close();
  }, 60_000);

  it('are held against the messages of a guild that nobody visits', async () => {
    await ask('put', 'docs/alerts/talk', { body: { figure: 'messagesPerMinute', above: 2 } }).expect(200);
    await vi.waitFor(async () => {
      expect((await ask('get', 'docs/alerts/talk')).body).toMatchObject({ state: 'armed', value: 0 });
    }, outlast);
    for (let count = 0; count < 3; count += 1)
      await app.log.append(messageOf(docs, memberOf('300000000000000001'), 'x'));
    await vi.waitFor(async () => {
      expect((await ask('get', 'docs/alerts/talk')).body).toMatchObject({ state: 'raised', value: 3 });
    }, outlast);
  });

  it('of a guild that is no longer shown can be read and forgotten, not written', async () => {
    const body = { figure: 'members', above: 1_000 };
    const name = encodeURIComponent('żółć 2');
    await ask('put', `repos/alerts/${name}`, { body }).expect(200);
    await app.app.get(GuildSettingsStore, { strict: false }).save(repos, { enabled: false });
    await vi.waitFor(() => ask('put', `${repos}/alerts/${name}`, { body }).expect(404), outlast);
    expect((await ask('get', `${repos}/alerts`).expect(200)).body).toMatchObject({ alerts: [{ name: 'żółć 2' }] });
    await ask('delete', `${repos}/alerts/${name}`).expect(204);
    await ask('get', `${repos}/alerts`).expect(404);
  });

  it.each([
    ['no body', {}],
    ['no threshold', { figure: 'online' }],
    ['two thresholds', { figure: 'online', above: 1, below: 2 }],
    ['an unknown figure', { figure: 'mood', above: 1 }],
    ['a rearm on the wrong side', { figure: 'online', above: 5, rearm: 6 }],
    ['a rearm on the wrong side, from below', { figure: 'online', below: 5, rearm: 4 }],
    ['too long a wait', { figure: 'online', above: 5, forSeconds: 3_601 }],
    ['data that is a list', { figure: 'online', above: 5, data: [] }],
    ['too much data', { figure: 'online', above: 5, data: { text: 'x'.repeat(16_000) } }],
    ['data in place of ours', { figure: 'online', above: 5, data: { alert: {} } }],
    ['more fields', { figure: 'online', above: 5, colour: 'red' }],
  ])('are refused with %s', async (_what, body) => {
    const answer = await ask('put', 'dworld/alerts/bad', { body }).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const { errors } = answer.body as { errors: unknown[] };
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
    expect(errors.length).toBeGreaterThan(0);
    await ask('get', 'dworld/alerts/bad').expect(404);
  });

  it('are refused with a name that is none, and for guilds that there are not', async () => {
    const body = { figure: 'online', above: 5 };
    for (const name of ['a%2Fb', '%20a', 'a%00', 'x'.repeat(65)]) {
      const answer = await ask('put', `dworld/alerts/${name}`, { body }).expect(400);
      expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path: 'name' }] });
    }
    for (const guild of ['nobody', '100000000000000009']) {
      const answer = await ask('put', `${guild}/alerts/x`, { body }).expect(404);
      expect(answer.body).toMatchObject({ code: 'guild.not_found' });
      await ask('get', `${guild}/alerts`).expect(404);
      await ask('delete', `${guild}/alerts/x`).expect(404);
    }
  });

  it('are for the key of an operator alone', async () => {
    const body = { figure: 'online', above: 5 };
    for (const [key, status] of [
      ['', 401],
      [testKeys.read, 403],
      [testKeys.publish, 403],
    ] as const) {
      await ask('get', 'dworld/alerts', { key }).expect(status);
      await ask('get', 'dworld/alerts/x', { key }).expect(status);
      await ask('put', 'dworld/alerts/x', { key, body }).expect(status);
      await ask('delete', 'dworld/alerts/x', { key }).expect(status);
    }
  });

  it('are described, with what the figures mean', async () => {
    const document = await request(app.app.getHttpServer()).get('/openapi.json').expect(200);
    const { paths } = document.body as { paths: Record<string, Record<string, unknown>> };
    const one = '/api/v1/admin/guilds/{guild}/alerts/{name}';
    expect(Object.keys(paths['/api/v1/admin/guilds/{guild}/alerts'] ?? {})).toEqual(['get']);
    expect(Object.keys(paths[one] ?? {}).sort()).toEqual(['delete', 'get', 'put']);
    expect(paths[one]?.put).toMatchObject({ parameters: [{ name: 'guild' }, { name: 'name' }] });
    expect(document.text).toContain('silence: seconds since the last message');
  });
});

describe('an alert of a guild in a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-alerts-'));
  const file = path.join(folder, 'guilds.json');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** In one step: half a file would be a broken source. */
  function write(online: number): void {
    const members = Array.from({ length: 6 }, (_, index) => ({
      id: `31000000000000000${index}`,
      username: `reader-${index}`,
      status: index < online ? 'online' : 'offline',
    }));
    const guild = { id: '300000000000000001', name: 'The Reading Room', alias: 'reading-room', members };
    writeFileSync(`${file}.new`, JSON.stringify({ guilds: [guild] }));
    renameSync(`${file}.new`, file);
  }

  it('is raised once, also when the program is killed and started again', async () => {
    const database = await createTestDatabase();
    const key = 'an-admin-key-of-the-test';
    const env = {
      DATABASE_URL: database.url,
      API_KEYS: `admin=${key}`,
      DATA_PROVIDERS: 'file',
      FILE_SOURCE_PATH: file,
      FILE_SOURCE_POLL_SECONDS: '0.2',
    };
    const put = (url: string, name: string, above: number) =>
      fetch(`${url}/api/v1/admin/guilds/reading-room/alerts/${name}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ figure: 'online', above, rearm: above - 1 }),
      });
    const visit = async (url: string) => {
      const client = await SocketIoClient.open(url);
      expect((await client.ask('join', { guildId: 'reading-room' })).error).toBeUndefined();
      return client;
    };
    try {
      write(1);
      const first = await startGuildcast({ env });
      expect((await put(first.url, 'full', 2)).status).toBe(200);
      const before = await visit(first.url);
      write(3);
      await vi.waitFor(() => expect(alertsIn(before.events)).toEqual(['full raised at 3']), outlast);
      before.close();
      await first.kill();

      const second = await startGuildcast({ env });
      const after = await visit(second.url);
      // Its alert shows that the figures were looked at, and what they are.
      expect((await put(second.url, 'witness', 2.5)).status).toBe(200);
      await vi.waitFor(() => expect(alertsIn(after.events)).toEqual(['witness raised at 3']), outlast);
      write(1);
      await vi.waitFor(
        () => expect(after.events.filter(({ type }) => type === 'presence.updated')).toHaveLength(2),
        outlast,
      );
      await vi.waitFor(async () => {
        const answer = await fetch(`${second.url}/api/v1/admin/guilds/reading-room/alerts/full`, {
          headers: { authorization: `Bearer ${key}` },
        });
        expect(await answer.json()).toMatchObject({ state: 'armed', value: 1 });
      }, outlast);
      write(4);
      await vi.waitFor(() => expect(alertsIn(after.events)).toContain('full raised at 4'), outlast);
      after.close();
      expect(await second.stop()).toBe(0);
    } finally {
      await database.drop();
    }
  }, 90_000);
});
