import { Client, DatabaseError } from 'pg';
import { describeConnectionFault, describeDatabase } from './connection-fault.js';
import { StartupError } from './startup-error.js';

/**
 * Runs statements in somebody's database, all of them or none: the script begins and commits.
 * @throws StartupError without the password
 */
export async function runScript(url: string, script: string): Promise<void> {
  const address = describeDatabase(url);
  const client = await connected(url).catch((error: unknown) => {
    throw new StartupError(`The database at ${address} cannot be used: ${describeConnectionFault(error)}.`);
  });
  try {
    await client.query(script);
  } catch (error) {
    const reason = error instanceof DatabaseError ? error.message : describeConnectionFault(error);
    throw new StartupError(`The database at ${address} did not run the statements: ${reason}.`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const patience = { connectionTimeoutMillis: 5_000, query_timeout: 60_000 };

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'guildcast', ...patience });
  // Whatever was asked fails with it; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
