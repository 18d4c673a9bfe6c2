import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  url: string;
  /** Cuts whoever is still connected. */
  drop(): Promise<void>;
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function create(options: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asSuperuser(`create database ${name} ${options}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asSuperuser(`drop database if exists ${name} with (force)`) };
}

/** A fresh database of ours, its schema up to date and its tables empty, in the cluster that the tests share. */
export function createTestDatabase(): Promise<TestDatabase> {
  // Page for page through the log, as Postgres does otherwise, costs twice as much.
  return create(`template ${inject('postgresMigrated')} strategy file_copy`);
}

/** A database with nothing in it, for tests that are about the schema, and in place of a database of somebody else. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('');
}
