import { describe, expect, it } from 'vitest';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { useHttpSource } from './http-fixture.js';
import { serveTown, servers, townId } from './source-parts.js';

const fixture = useHttpSource();

describe('a server that may be asked so often in a minute', () => {
  it('is asked no more than that, and what it said before stands', async () => {
    fixture.server.json('/servers', servers);
    fixture.server.json(`/users/${townId}`, { guild: servers[townId], members: [] });
    const chain = chainOf([fixture.provider()], 5_000, { perMinute: 6, staleMs: 60_000 });
    for (let n = 0; n < 10; n += 1) expect(await chain.guilds()).toHaveLength(2);
    for (let n = 0; n < 10; n += 1) expect(await chain.load(townId)).toMatchObject({ stale: n >= 3 });
    await expect(chain.reload(townId)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(fixture.server.asked()).toEqual([
      ...Array<string>(3).fill('/servers'),
      ...Array<string>(3).fill(`/users/${townId}`),
    ]);
  });

  it('is not asked during its Retry-After, whatever is left of the minute', async () => {
    serveTown(fixture.server);
    fixture.server.on(`/users/${townId}`, (response) => response.writeHead(429, { 'retry-after': '600' }).end());
    const chain = chainOf([fixture.provider()], 5_000, { perMinute: 1_000 });
    for (let n = 0; n < 5; n += 1)
      await expect(chain.load(townId)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(fixture.server.asked()).toEqual([`/users/${townId}`]);
    expect(fixture.warnings[0]).toContain('429 Too Many Requests: to be asked again in 600 s');
  });

  it('is asked once behind an old answer', async () => {
    fixture.server.json(`/users/${townId}`, { guild: servers[townId], members: [] });
    const chain = chainOf([fixture.provider()], 5_000, { revalidateMs: 60_000 });
    await chain.load(townId);
    const answers = await Promise.all(Array.from({ length: 50 }, () => chain.load(townId)));
    for (const answer of answers) expect(answer).toMatchObject({ stale: true, renewing: true });
    await expect.poll(() => fixture.server.requests.length).toBe(2);
  });
});
