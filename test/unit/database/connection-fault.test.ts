import { describe, expect, it } from 'vitest';
import {
  describeConnectionFault,
  describeDatabase,
  unreachableDatabase,
} from '../../../src/database/connection-fault.js';

describe('describeDatabase', () => {
  it.each([
    ['postgresql://app:hunter2@db.example:5433/guildcast', 'db.example:5433/guildcast'],
    ['postgresql://app:hunter2@db.example/guildcast', 'db.example:5432/guildcast'],
    ['postgresql://app:hunter2@localhost/guildcast?host=/run/pg&password=hunter2', '/run/pg/guildcast'],
    ['not a url hunter2', 'the address in DATABASE_URL'],
  ])('%s', (url, description) => {
    expect(describeDatabase(url)).toBe(description);
  });
});

describe('describeConnectionFault', () => {
  const withCode = (code: string) => Object.assign(new Error('postgresql://app:hunter2@db'), { code });

  it('knows what systems and Postgres say', () => {
    expect(describeConnectionFault(withCode('ECONNREFUSED'))).toBe('nothing listens there');
    expect(describeConnectionFault(withCode('28P01'))).toBe('the password is wrong');
    expect(describeConnectionFault(new AggregateError([withCode('ENOTFOUND')]))).toBe('no such host is known');
    expect(describeConnectionFault(new Error('timeout exceeded when trying to connect'))).toBe('no answer in time');
  });

  it('never passes on a message: it may quote the address', () => {
    const faults = [withCode('EWHATEVER'), new Error('hunter2'), 'hunter2', undefined, new AggregateError([])];
    for (const fault of faults) expect(describeConnectionFault(fault)).not.toContain('hunter2');
  });
});

describe('unreachableDatabase', () => {
  it('is one sentence for the operator', () => {
    const error = unreachableDatabase('postgresql://app:hunter2@db.example/x', new Error('hunter2'));
    expect(error.message).toBe(
      'The database at db.example:5432/x cannot be used: the connection failed. Check DATABASE_URL.',
    );
  });
});
