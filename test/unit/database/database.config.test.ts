import { describe, expect, it } from 'vitest';
import { databaseConfig } from '../../../src/database/database.config.js';

describe('databaseConfig', () => {
  it('needs nothing', () => {
    expect(databaseConfig.parse({})).toEqual({ DATA_DIR: './data', DATABASE_POOL_SIZE: 10 });
  });

  it.each([
    'postgres://app:secret@db.example:5433/guildcast',
    'postgresql://app@localhost/guildcast',
    'postgresql://app@localhost/guildcast?host=/run/postgresql',
  ])('takes %s', (url) => {
    expect(databaseConfig.parse({ DATABASE_URL: url }).DATABASE_URL).toBe(url);
  });

  it.each(['mysql://app:hunter2@db/guildcast', 'db.example:5432', 'postgres://app:hunter2@db:port/x', 'postgresql:x'])(
    'refuses %s without quoting it',
    (url) => {
      const { error } = databaseConfig.safeParse({ DATABASE_URL: url });
      expect(error?.issues.map(({ path }) => path.join('.'))).toContain('DATABASE_URL');
      expect(JSON.stringify(error?.issues)).not.toContain('hunter2');
    },
  );

  it.each(['0', '-1', '1.5', 'many', '100000'])('refuses a pool of %s', (size) => {
    expect(databaseConfig.safeParse({ DATABASE_POOL_SIZE: size }).success).toBe(false);
  });

  it('takes a pool size as text', () => {
    expect(databaseConfig.parse({ DATABASE_POOL_SIZE: '25' }).DATABASE_POOL_SIZE).toBe(25);
  });
});
