import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { HeldDatabase } from '../support/held-database.js';
import { createTestDatabase } from '../support/test-database.js';

const key = 'publish-key-for-tests';
const messages = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
/** Of the last test; more of them take their time, and prove the same more often. */
const many = Number(process.env.CRASH_TEST_NOTIFICATIONS ?? 300);

/** Steps of the way at which the database can be told to stop: what a row is about to become. */
const gates = { insert: 41, leased: 42, delivered: 43 } as const;
type Gate = keyof typeof gates;

/** The real process is killed at each step of a notification's way, held there by the database or by Discord. */
describe('a process that is killed', () => {
  let discord: FakeDiscord;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let held: HeldDatabase;
  let observer: Client;
  let guildcast: GuildcastProcess;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    database = await createTestDatabase();
    held = await HeldDatabase.at(database.url);
    observer = new Client({ connectionString: database.url });
    await observer.connect();
    guildcast = await start();
    await observer.query(`
      create function stop_at_gate() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(case when tg_op = 'INSERT' then ${gates.insert}
          when new.state = 'leased' then ${gates.leased} when new.state = 'delivered' then ${gates.delivered} else 0 end);
        return new;
      end $$`);
    await observer.query(`
      create trigger gates before insert or update of state on notifications for each row execute function stop_at_gate()`);
  });
  afterEach(async () => {
    await observer.query('select pg_advisory_unlock_all()');
    held.release();
    discord.refuseNoMore();
  });
  afterAll(async () => {
    await guildcast.stop();
    await observer.end();
    await held.close();
    await discord.stop();
    await database.drop();
  });

  const start = () =>
    startGuildcast({
      env: {
        DATABASE_URL: held.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        API_KEYS: `publish=${key}`,
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_POLL_SECONDS: '1',
        RATE_LIMIT_PUBLISH: '100000/60',
      },
    });

  const close = (gate: Gate) => observer.query('select pg_advisory_lock($1)', [gates[gate]]);
  const open = (gate: Gate) => observer.query('select pg_advisory_unlock($1)', [gates[gate]]);

  /** Somebody of the program stands before the gate. */
  const untilAt = (gate: Gate) =>
    vi.waitFor(
      async () => {
        const { rows } = await observer.query(
          `select from pg_locks where locktype = 'advisory' and objid = $1 and not granted
             and database = (select oid from pg_database where datname = current_database())`,
          [gates[gate]],
        );
        expect(rows.length).toBeGreaterThan(0);
      },
      { timeout: 15_000, interval: 20 },
    );

  const untilRow = (state: string) =>
    vi.waitFor(
      async () => {
        const { rows } = await observer.query<{ state: string }>(
          'select state from notifications order by id desc limit 1',
        );
        expect(rows).toEqual([{ state }]);
      },
      { timeout: 20_000, interval: 20 },
    );

  /** As when the machine of the program goes: its statements in the database end with it. */
  async function crash(): Promise<void> {
    await guildcast.kill();
    await observer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    held.release();
    await observer.query('select pg_advisory_unlock_all()');
    guildcast = await start();
  }

  function post(body: unknown, idempotencyKey: string): Promise<Response> {
    return fetch(`${guildcast.url}/api/v1/notifications`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        'idempotency-key': idempotencyKey,
      },
      body: JSON.stringify(body),
    });
  }

  const noted = (userId: string, text: string) => ({ target: { userId }, type: 'note', payload: { message: text } });

  /** Publishes as a publisher who never gives up, and asks for the same until it is acknowledged. */
  async function publishSurely(body: unknown, idempotencyKey: string): Promise<void> {
    await vi.waitFor(async () => expect((await post(body, idempotencyKey)).status).toBe(202), {
      timeout: 30_000,
      interval: 50,
    });
  }

  const arrived = (userId: string): string[] =>
    discord.sent.flatMap((message) =>
      message.userId === userId ? [(message.embeds[0] as { description: string }).description] : [],
    );

  const steps: Record<string, (body: unknown, name: string) => Promise<void>> = {
    'before the insert': async (body, name) => {
      await close('insert');
      const answer = post(body, name).catch(() => undefined);
      await untilAt('insert');
      await crash();
      expect(await answer).toBeUndefined();
      expect((await observer.query(`select from notifications where idempotency_key = $1`, [name])).rowCount).toBe(0);
    },
    'after the insert, before the answer': async (body, name) => {
      await close('insert');
      const answer = post(body, name).catch(() => undefined);
      await untilAt('insert');
      held.hold();
      await open('insert');
      await vi.waitFor(async () => {
        const stored = await observer.query(`select from notifications where idempotency_key = $1`, [name]);
        expect(stored.rowCount).toBe(1);
      });
      await crash();
      expect(await answer).toBeUndefined();
    },
    'before the claim': async (body, name) => {
      await close('leased');
      await publishSurely(body, name);
      await untilAt('leased');
      await crash();
    },
    'after the claim, before it knows': async (body, name) => {
      await close('leased');
      await publishSurely(body, name);
      await untilAt('leased');
      held.hold();
      await open('leased');
      await untilRow('leased');
      await crash();
    },
    'before the message is made': async (body, name) => {
      const before = discord.requests.length;
      discord.leaveNextUnanswered(messages);
      await publishSurely(body, name);
      await vi.waitFor(
        () => expect(discord.requests.slice(before).some(({ path }) => messages.path.test(path))).toBe(true),
        { timeout: 15_000 },
      );
      await crash();
    },
    'after the message, before the mark': async (body, name) => {
      await close('delivered');
      await publishSurely(body, name);
      await untilAt('delivered');
      await crash();
    },
    'after the mark, before it knows': async (body, name) => {
      await close('delivered');
      await publishSurely(body, name);
      await untilAt('delivered');
      held.hold();
      await open('delivered');
      await untilRow('delivered');
      await crash();
    },
  };

  it.each(Object.keys(steps))(
    '%s loses nothing and repeats nothing',
    async (step) => {
      const { id: userId } = discord.addUser({ username: step.replaceAll(/\W/g, '-').slice(0, 32) });
      const body = noted(userId, step);
      await steps[step]!(body, step);
      await publishSurely(body, step);
      await untilRow('delivered');
      expect(arrived(userId)).toEqual([step]);
      const { rows } = await observer.query(
        `select state, count(*)::int from notifications where idempotency_key = $1 group by state`,
        [step],
      );
      expect(rows).toEqual([{ state: 'delivered', count: 1 }]);
    },
    60_000,
  );

  const kills = many > 1_000 ? 8 : 2;

  it('again and again, amid many notifications, loses none and repeats none', async () => {
    const users = Array.from({ length: 10 }, (_, index) => discord.addUser({ username: `many-${index}` }).id);
    const batches = Array.from({ length: many / 100 }, (_, batch) =>
      Array.from({ length: 100 }, (__, index) => noted(users[index % users.length]!, `${batch}/${index}`)),
    );
    const count = () => users.reduce((sum, userId) => sum + arrived(userId).length, 0);
    let published = 0;
    const publishing = (async () => {
      for (const [batch, body] of batches.entries()) {
        await publishSurely(body, `batch-${batch}`);
        published += body.length;
      }
    })();
    for (let kill = 1; kill <= kills; kill += 1) {
      // Each at another place of the work, whatever is under way there.
      await vi.waitFor(
        () => expect(Math.max(count(), published / 2)).toBeGreaterThanOrEqual((many * kill) / (kills + 2)),
        {
          // Discord takes 50 in a second.
          timeout: 300_000,
          interval: 5,
        },
      );
      await crash();
    }
    await publishing;
    await vi.waitFor(
      async () => {
        const { rows } = await observer.query<{ left: number }>(
          `select count(*)::int as left from notifications where state <> 'delivered'`,
        );
        expect(rows[0]!.left).toBe(0);
      },
      { timeout: 300_000, interval: 100 },
    );
    const texts = users.flatMap(arrived);
    expect(texts).toHaveLength(many);
    expect(new Set(texts).size).toBe(many);
  }, 900_000);
});
