import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';

const key = 'publish-key-for-tests';
const count = 200;

/** The database goes down and comes back while notifications are published, claimed, sent and settled. */
describe('a database that is restarted', () => {
  let folder: string;
  let discord: FakeDiscord;
  let postgres: EmbeddedPostgres;
  let guildcast: GuildcastProcess;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'guildcast-restart-'));
    // Where root may make no user namespace, Postgres runs as a user who must get through.
    chmodSync(folder, 0o755);
    discord = await FakeDiscord.start();
    postgres = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') });
    guildcast = await startGuildcast({
      env: {
        DATABASE_URL: postgres.url,
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        API_KEYS: `publish=${key}`,
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_POLL_SECONDS: '1',
      },
    });
  }, 60_000);
  afterAll(async () => {
    await guildcast.stop();
    await postgres.stop();
    await discord.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As `pg_ctl restart -m immediate`: whoever watches over it starts it again. */
  function crashDatabase(): void {
    const [pid] = readFileSync(path.join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGQUIT');
  }

  async function publishSurely(text: string, userId: string): Promise<void> {
    await vi.waitFor(
      async () => {
        const { status } = await fetch(`${guildcast.url}/api/v1/notifications`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${key}`,
            'idempotency-key': text,
          },
          body: JSON.stringify({ target: { userId }, type: 'note', payload: { message: text } }),
        });
        expect(status).toBe(202);
      },
      { timeout: 60_000, interval: 100 },
    );
  }

  it('loses no notification and repeats none', async () => {
    const users = Array.from({ length: 4 }, (_, index) => discord.addUser({ username: `restart-${index}` }).id);
    const arrived = () =>
      discord.sent.flatMap(({ userId, embeds }) =>
        users.includes(userId ?? '') ? [(embeds[0] as { description: string }).description] : [],
      );
    const publishing = (async () => {
      for (let index = 0; index < count; index += 1) await publishSurely(String(index), users[index % users.length]!);
    })();
    for (const share of [0.25, 0.6]) {
      await vi.waitFor(() => expect(arrived().length).toBeGreaterThan(count * share), { timeout: 60_000, interval: 5 });
      crashDatabase();
    }
    await publishing;
    await vi.waitFor(() => expect(new Set(arrived()).size).toBe(count), { timeout: 60_000, interval: 50 });
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    try {
      await vi.waitFor(
        async () => {
          const { rows } = await client.query('select state, count(*)::int from notifications group by state');
          expect(rows).toEqual([{ state: 'delivered', count }]);
        },
        { timeout: 30_000, interval: 100 },
      );
    } finally {
      await client.end();
    }
    expect(arrived()).toHaveLength(count);
  }, 180_000);
});
