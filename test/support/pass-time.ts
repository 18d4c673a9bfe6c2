interface Database {
  query(statement: string): Promise<unknown>;
}

const tables = ['notifications', 'notification_attempts', 'notification_destinations'];

/** Moves every time of the queue back, as if so many seconds had passed for all that is in it. */
export async function passTime(database: Database, seconds: number): Promise<void> {
  for (const table of tables) {
    const columns = (await database.query(
      `select column_name as name from information_schema.columns
       where table_name = '${table}' and data_type = 'timestamp with time zone'`,
    )) as { name: string }[];
    const sets = columns.map(({ name }) => `${name} = ${name} - interval '${seconds} seconds'`);
    await database.query(`update ${table} set ${sets.join(', ')}`);
  }
}
