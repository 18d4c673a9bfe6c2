import { describe, expect, it } from 'vitest';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { useHttpSource } from './http-fixture.js';
import { servers, townId, users } from './source-parts.js';

const fixture = useHttpSource();
const asOf = '2026-01-31T12:00:00.000Z';

async function ageOf(answer: object, fields = ''): Promise<[stale: boolean, asOf: string]> {
  fixture.server.json('/servers', servers);
  fixture.server.json(`/users/${townId}`, answer);
  const source = fixture.provider({ HTTP_SOURCE_FIELDS: fields || 'members=/members' });
  const snapshot = (await chainOf([source], 5_000).load(townId))!;
  expect(snapshot.members).toHaveLength(2);
  return [snapshot.stale, snapshot.asOf];
}

describe('an answer over HTTP that says how old it is', () => {
  it('is as old as it says', async () => {
    expect(await ageOf({ members: users, stale: true, asOf })).toEqual([true, asOf]);
    expect(await ageOf({ members: users, stale: false, asOf })).toEqual([false, asOf]);
    expect(fixture.warnings).toEqual([]);
  });

  it('is from now where it says nothing', async () => {
    const before = new Date().toISOString();
    const [stale, from] = await ageOf({ members: users });
    expect(stale).toBe(false);
    expect(from >= before).toBe(true);
    // Members by their ids have no room for it.
    fixture.server.json(`/users/${townId}`, users);
    expect(await chainOf([fixture.provider()], 5_000).load(townId)).toMatchObject({ stale: false });
  });

  it('says so where HTTP_SOURCE_FIELDS points, or not at all', async () => {
    const fields = 'members=/data/users,stale=/meta/old,asOf=/meta/at';
    const data = { users };
    expect(await ageOf({ data, meta: { old: true, at: asOf } }, fields)).toEqual([true, asOf]);
    expect((await ageOf({ data }, fields))[0]).toBe(false);
  });

  it('is taken for a new one where it says what is no age', async () => {
    const before = new Date().toISOString();
    const [stale, from] = await ageOf({ members: users, stale: 'very', asOf: 'long ago' });
    expect(stale).toBe(false);
    expect(from >= before).toBe(true);
    expect(fixture.warnings).toEqual([expect.stringMatching(/mended in guild \d+: stale \(1\), asOf \(1\)$/)]);
  });
});
