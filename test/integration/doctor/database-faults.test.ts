import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { inspectParent } from '../../../src/database/embedded/data-directory.js';
import { PostgresUser } from '../../../src/database/embedded/postgres-user.js';
import { createEmptyDatabase, createTestDatabase } from '../../support/test-database.js';
import { fromTemplate } from '../../support/embedded-template.js';
import { findingsFor, Peer, postgresRefusal } from './examined.js';

let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
let used: Awaited<ReturnType<typeof createTestDatabase>>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'guildcast-doctor-'));
  // Where root may make no user namespace, Postgres runs as a user who must get through.
  await chmod(folder, 0o755);
  [fresh, used] = await Promise.all([createEmptyDatabase(), createTestDatabase()]);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await Promise.all([fresh.drop(), used.drop()]);
  await rm(folder, { recursive: true, force: true });
});

async function inDatabase(url: string, statements: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statements);
  } finally {
    await client.end();
  }
}

function database(url: string): Promise<unknown> {
  return findingsFor('database', { DATABASE_URL: url });
}

function withUser(url: string, user: string, name?: string): string {
  const changed = new URL(url);
  changed.username = user;
  if (name !== undefined) changed.pathname = `/${name}`;
  return changed.href;
}

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

describe('a database of the operator', () => {
  it('is fine before its first start and after it', async () => {
    expect(await database(fresh.url)).toMatchObject([
      { state: 'ok', sentence: matching(/the next start applies \d+ migrations/) },
    ]);
    expect(await database(used.url)).toMatchObject([{ state: 'ok', sentence: matching(/its schema is up to date/) }]);
  });

  it('is left as it was', async () => {
    await database(fresh.url);
    const client = new Client({ connectionString: fresh.url });
    await client.connect();
    const made = `select relname from pg_class where relnamespace = 'public'::regnamespace`;
    const left = `select pid from pg_stat_activity where application_name = 'guildcast doctor' and datname = current_database()`;
    try {
      expect((await client.query(made)).rows).toEqual([]);
      await vi.waitFor(async () => expect((await client.query(left)).rows).toEqual([]), { timeout: 15_000 });
    } finally {
      await client.end();
    }
  });

  it('that is away is said to be', async () => {
    const [finding] = await findingsFor('database', { DATABASE_URL: 'postgres://me:hunter22@127.0.0.1:9/town' });
    expect(finding).toEqual({
      check: 'database',
      state: 'fail',
      sentence: 'The database at 127.0.0.1:9/town cannot be used: nothing listens there.',
      remedy: 'Check that it runs, and host, port, name, user and password in DATABASE_URL.',
    });
  });

  it.each([
    ['a wrong password', postgresRefusal('28P01', 'password authentication failed'), /: the password is wrong\.$/],
    ['no connection left', postgresRefusal('53300', 'too many clients'), /it has no connection left for us/],
    ['a server of another kind', 'HTTP/1.1 400 Bad Request\r\n\r\n', /what listens there is no Postgres/],
    ['a peer that hangs up', '', /what listens there is no Postgres/],
    ['a peer that is silent', null, /no answer in time/],
  ])(
    '%s',
    async (_what, answer, sentence) => {
      const peer = await Peer.start(answer);
      try {
        const url = `postgres://me:hunter22@127.0.0.1:${peer.port}/town`;
        const findings = await findingsFor('database', { DATABASE_URL: url });
        expect(findings).toMatchObject([
          { state: 'fail', sentence: matching(sentence), remedy: matching(/DATABASE_URL/) },
        ]);
        expect(JSON.stringify(findings)).not.toContain('hunter22');
      } finally {
        await peer.stop();
      }
    },
    30_000,
  );

  it('without that name, or without that user', async () => {
    expect(await database(withUser(fresh.url, 'postgres', 'nowhere'))).toMatchObject([
      { state: 'fail', sentence: matching(/there is no such database/) },
    ]);
    expect(await database(withUser(fresh.url, 'nobody_of_that_name'))).toMatchObject([
      { state: 'fail', sentence: matching(/this user may not connect/) },
    ]);
  });

  it('whose user may make no tables is a fault only while some are missing', async () => {
    const role = `doctor_${randomBytes(6).toString('hex')}`;
    await inDatabase(used.url, `create role ${role} login`);
    await inDatabase(used.url, `grant select on migrations to ${role}`);
    try {
      expect(await database(withUser(fresh.url, role))).toMatchObject([
        { state: 'fail', sentence: matching(/may make no tables/), remedy: matching(/GRANT CREATE/) },
      ]);
      expect(await database(withUser(used.url, role))).toMatchObject([{ state: 'ok' }]);
      await inDatabase(used.url, `revoke select on migrations from ${role}`);
      expect(await database(withUser(used.url, role))).toMatchObject([
        { state: 'fail', sentence: matching(/cannot be used: permission denied for table migrations\.$/) },
      ]);
    } finally {
      await inDatabase(used.url, `drop owned by ${role}; drop role ${role}`);
    }
  });

  it('that can only be read', async () => {
    const url = `${used.url}&options=${encodeURIComponent('-c default_transaction_read_only=on')}`;
    expect(await database(url)).toMatchObject([{ state: 'fail', sentence: matching(/can only be read, not written/) }]);
  });

  it('that a newer Guildcast has used', async () => {
    const newer = await createTestDatabase();
    try {
      await inDatabase(newer.url, `insert into migrations (timestamp, name) values (9, 'Later9')`);
      expect(await database(newer.url)).toMatchObject([
        { state: 'warn', sentence: matching(/a newer Guildcast: 1 of its migrations/) },
      ]);
    } finally {
      await newer.drop();
    }
  });

  it('whose clock is an hour ahead', async () => {
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
    try {
      expect(await findingsFor('clock', { DATABASE_URL: used.url })).toMatchObject([
        { state: 'warn', sentence: "This machine's clock is 60 minutes behind the database's." },
      ]);
    } finally {
      clock.mockRestore();
    }
    expect(await findingsFor('clock', { DATABASE_URL: used.url })).toMatchObject([{ state: 'ok' }]);
  });
});

describe('the embedded database', () => {
  async function embedded(name: string): Promise<unknown> {
    return findingsFor('database', { DATA_DIR: path.join(folder, name) });
  }

  it('can be made, and is not', async () => {
    expect(await embedded('new')).toMatchObject([{ state: 'ok', sentence: matching(/at the first start/) }]);
    expect(await embedded('new')).toMatchObject([{ state: 'ok', sentence: matching(/at the first start/) }]);
  });

  it('is there and stopped', async () => {
    await fromTemplate(path.join(folder, 'stopped', 'postgres'));
    expect(await embedded('stopped')).toMatchObject([{ state: 'ok', sentence: matching(/nobody runs it now/) }]);
    // A lock that was left behind, with a number that another program has now, is the next start's to mend.
    const lock = path.join(folder, 'stopped', 'postgres', 'postmaster.pid');
    const left = `${process.ppid}\n/elsewhere\n`;
    await writeFile(lock, left);
    expect(await embedded('stopped')).toMatchObject([{ state: 'ok', sentence: matching(/nobody runs it now/) }]);
    expect(await readFile(lock, 'utf8')).toBe(left);
  });

  it('runs, and is asked by its own socket', async () => {
    // The cluster of the tests lies in a folder as a Guildcast's does, run by this process.
    const running = path.dirname(new URL(inject('postgresUrl')).searchParams.get('host')!);
    expect(await findingsFor('database', { DATA_DIR: running })).toMatchObject([
      {
        state: 'ok',
        sentence: matching(/^The database of the running Guildcast \(process \d+\) answers \(Postgres 18/),
      },
    ]);
    expect(await findingsFor('clock', { DATA_DIR: running })).toMatchObject([{ state: 'ok' }]);
  });

  it('has no place where there are files of others', async () => {
    await mkdir(path.join(folder, 'taken', 'postgres'), { recursive: true });
    await writeFile(path.join(folder, 'taken', 'postgres', 'letter.txt'), 'dear reader');
    expect(await embedded('taken')).toMatchObject([
      {
        state: 'fail',
        sentence: matching(/holds files that are not a database of ours/),
        remedy: matching(/DATABASE_URL/),
      },
    ]);
  });

  it('has no place where Postgres may not enter', () => {
    const barred = new PostgresUser('/nowhere', { before: ['false'] });
    const place = path.join(folder, 'not', 'made', 'postgres');
    expect(() => inspectParent(place, barred)).toThrow(/Postgres must run, may not enter .*guildcast-doctor-\w+:/);
    expect(() => inspectParent(place, new PostgresUser('/nowhere', { before: [] }))).not.toThrow();
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('has no place in a folder that may not be written', async () => {
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o500 });
    expect(await embedded('closed')).toMatchObject([{ state: 'fail', sentence: matching(/may not write to/) }]);
    expect(await embedded('closed/deeper')).toMatchObject([{ state: 'fail', sentence: matching(/may not write to/) }]);
  });

  it('has no place below a file', async () => {
    await writeFile(path.join(folder, 'file'), '');
    expect(await embedded('file')).toMatchObject([{ state: 'fail', sentence: matching(/not a folder/) }]);
    expect(await embedded('file/deeper/still')).toMatchObject([{ state: 'fail', sentence: matching(/not a folder/) }]);
  });
});
