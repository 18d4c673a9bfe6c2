import { type DatabaseReading } from '../../database/database-examination.js';
import { type EmbeddedReading } from '../../database/embedded-examination.js';
import { StartupError } from '../../database/startup-error.js';
import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, type Verdict, warn } from '../finding.js';
import { type DatabaseState } from '../installation.js';

export const databaseCheck: DoctorCheck = {
  name: 'database',
  async examine({ config, database, session }) {
    let state: DatabaseState;
    try {
      state = await database();
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      const own = config.DATABASE_URL === undefined;
      return fail(
        error.message,
        own
          ? 'Mend that, or set DATABASE_URL to a Postgres of your own.'
          : 'Check that it runs, and host, port, name, user and password in DATABASE_URL.',
      );
    }
    const { reading, embedded } = state;
    if (!reading) return ofFolder(embedded!);
    const where = embedded ? `the running Guildcast (${heldBy(embedded)})` : reading.address;
    return ofDatabase(reading, where, { running: session !== undefined });
  },
};

function ofFolder(embedded: EmbeddedReading): Verdict {
  switch (embedded.state) {
    case 'new':
      return ok('The embedded database can be made in DATA_DIR at the first start.');
    case 'stopped':
      return ok('The embedded database is there, and nobody runs it now.');
    case 'ending':
      return ok('The embedded database is about to end after its Guildcast was killed: the next start waits for that.');
    case 'running':
      return ok(`The running Guildcast holds the embedded database (${embedded.by}).`);
    case 'taken':
      return fail(
        `The embedded database is in use by another program (${embedded.by}).`,
        'Stop that program, or choose another DATA_DIR.',
      );
  }
}

function ofDatabase(reading: DatabaseReading, where: string, { running }: { running: boolean }): Verdict {
  const { pending, unknown, mayMigrate, readOnly, version } = reading;
  const who = `The database of ${where}`;
  if (readOnly) {
    return fail(
      `${who} can only be read, not written.`,
      'Name the primary in DATABASE_URL rather than a copy, and leave default_transaction_read_only off.',
    );
  }
  if (unknown > 0) {
    return warn(
      `${who} was used by a newer Guildcast: ${unknown} of its migrations are not known here.`,
      'Install the newer version again, or go back to a backup from before it.',
    );
  }
  if (pending > 0 && !mayMigrate) {
    return fail(
      `${who} lacks ${pending} migrations, and this user may make no tables there.`,
      'Grant it CREATE on the schema (GRANT CREATE ON SCHEMA public TO …).',
    );
  }
  if (pending > 0 && running) {
    return warn(`${who} lacks ${pending} migrations of this program.`, 'Start again: every start applies them.');
  }
  const schema = pending > 0 ? `the next start applies ${pending} migrations` : 'its schema is up to date';
  return ok(`${who} answers (Postgres ${version}); ${schema}.`);
}

function heldBy(embedded: EmbeddedReading): string {
  return embedded.state === 'running' ? embedded.by : embedded.state;
}
