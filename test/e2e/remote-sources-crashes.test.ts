import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { ReferenceQueue } from '../support/remote-sources-reference.js';
import { createTestDatabase } from '../support/test-database.js';

const patience = { timeout: 40_000, interval: 50 };
const secret = 'canary-S3cret-of-the-source';

/** The built program, killed at each step from the poll to the mark, on one database. */
describe('an event of a source over kill -9', { timeout: 180_000 }, () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let client: Client;
  let reference: ReferenceQueue;
  /** What a crash has started again serves the next test too. */
  let guildcast: GuildcastProcess | undefined;
  let userId: string;
  let printed = '';

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
    reference = await ReferenceQueue.start();
  });
  beforeEach(async () => {
    userId = discord.addUser({ username: 'alice' }).id;
    guildcast ??= await start();
    // A poll is over: it holds the lock of the source, and an event added now comes with the next.
    await expect.poll(() => rows('select from remote_sources where polled_at is not null'), patience).toHaveLength(1);
  });
  afterEach(async () => {
    reference.instead = () => undefined;
    reference.rebuild();
    reference.asked.length = 0;
    await client.query('truncate notifications, notification_attempts, remote_events, remote_sources');
    await discord.comeBack();
    discord.refuseNoMore();
  });
  afterAll(async () => {
    await kill();
    await reference.goDown();
    await client.end();
    await discord.stop();
    await database.drop();
  });

  function start(): Promise<GuildcastProcess> {
    return startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        DATA_PROVIDERS: 'mock',
        API_KEYS: 'admin=admin-key-for-tests',
        LOG_LEVEL: 'trace',
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_POLL_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1,1,1',
        QUEUE_SOURCES: reference.url.replace('http://', `http://bot:${secret}@`),
        QUEUE_SOURCE_INTERVAL: '1',
      },
    });
  }
  async function kill(): Promise<void> {
    const killed = guildcast;
    guildcast = undefined;
    await killed?.kill();
    printed += killed?.output() ?? '';
  }
  async function crash(meanwhile: () => unknown = () => undefined): Promise<void> {
    await kill();
    await meanwhile();
    guildcast = await start();
  }
  const rows = async (statement: string): Promise<object[]> => (await client.query<object>(statement)).rows;
  const sent = (): number => discord.sent.filter((message) => message.userId === userId).length;
  const asked = (path: RegExp): number => reference.asked.filter((request) => path.test(request.path)).length;
  /**
   * Lets the program come as far as the table, and kills it there. Its statement dies with it: Postgres would run it to the
   * end for nobody.
   */
  async function crashBefore(table: string, comes: () => Promise<void>): Promise<void> {
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query(`lock table ${table} in exclusive mode`);
      await comes();
      const waiting = `from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(() => rows(`select ${waiting}`), patience).not.toEqual([]);
      await kill();
      await rows(`select pg_terminate_backend(pid, 10000) ${waiting}`);
    } finally {
      await holder.end();
    }
  }
  async function arrivesOnce(id: number): Promise<void> {
    await expect.poll(() => reference.event(id).processed, patience).toBe(true);
    await expect.poll(() => rows('select from remote_events where marked_at is null'), patience).toEqual([]);
    expect(sent()).toBe(1);
    expect(await rows('select state from notifications')).toEqual([{ state: 'delivered' }]);
    expect(reference.event(id)).toMatchObject({ attempts: 0, error_message: null });
  }

  it('arrives once, killed after the poll and before anything is stored', async () => {
    const polls = asked(/events$/);
    let id = 0;
    await crashBefore('remote_events', async () => {
      id = reference.add({ user_id: userId });
      await expect.poll(() => asked(/events$/), patience).toBeGreaterThan(polls);
    });
    expect(await rows('select from remote_events')).toEqual([]);
    guildcast = await start();
    await arrivesOnce(id);
  });

  it('arrives once, killed after it was noted and before it is in the queue', async () => {
    let id = 0;
    await crashBefore('notifications', async () => {
      id = reference.add({ user_id: userId });
      await expect.poll(() => rows('select from remote_events'), patience).toHaveLength(1);
    });
    expect(await rows('select from notifications')).toEqual([]);
    expect(await rows('select notification_id from remote_events')).toEqual([{ notification_id: null }]);
    guildcast = await start();
    await arrivesOnce(id);
  });

  it('arrives once, killed after it is in the queue and before it is sent', async () => {
    await discord.goDown();
    const id = reference.add({ user_id: userId });
    await expect.poll(() => rows('select from notifications'), patience).toHaveLength(1);
    await crash(() => discord.comeBack());
    await arrivesOnce(id);
    expect(reference.marks).toEqual([`processed ${id}`]);
  });

  it('arrives once, killed while it is sent', async () => {
    discord.loseNextAnswer({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    discord.leaveNextUnanswered({ method: 'POST', path: /^\/channels\/\d+\/messages$/ });
    const id = reference.add({ user_id: userId });
    await expect.poll(() => discord.requests.filter(({ status }) => status === 0).length, patience).toBeGreaterThan(0);
    await crash();
    await arrivesOnce(id);
    expect(reference.marks).toEqual([`processed ${id}`]);
  });

  it('is sent once and marked once in the end, killed after it was sent and before the source heard of it', async () => {
    reference.instead = (method) => (method === 'POST' ? 'silence' : undefined);
    const id = reference.add({ user_id: userId });
    await expect.poll(() => asked(/processed$/), patience).toBe(1);
    expect(sent()).toBe(1);
    await crash(() => (reference.instead = () => undefined));
    await arrivesOnce(id);
    expect(reference.marks).toEqual([`processed ${id}`]);
  });

  it('is sent once, killed after the source heard of it and before that is noted', async () => {
    const id = reference.add({ user_id: userId });
    reference.instead = (method) => {
      if (method !== 'POST') return undefined;
      reference.event(id).processed = true;
      return 'silence';
    };
    await expect.poll(() => reference.event(id).processed, patience).toBe(true);
    await crash(() => (reference.instead = () => undefined));
    await arrivesOnce(id);
    expect(reference.marks).toEqual([`processed ${id}`]);
  });

  it('leaves no secret of the address in any line of the log', async () => {
    await kill();
    expect(printed.includes('is running')).toBe(true);
    for (const text of [secret, Buffer.from(`bot:${secret}`).toString('base64')]) {
      expect(printed.includes(text)).toBe(false);
    }
  });
});
