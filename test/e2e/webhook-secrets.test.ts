import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { endpointsPath, signaturesOf, verified, WebhookBench } from '../support/webhook-bench.js';

const bench = new WebhookBench();

describe('the secrets of an endpoint', () => {
  it('change without a gap: both sign for a while, then the new one alone', async () => {
    const { id: endpoint, secret: first, secrets } = await bench.create();
    expect(secrets).toHaveLength(1);
    expect(secrets[0]!.fingerprint).toMatch(/^[\da-f]{12}$/);
    expect(secrets[0]!.expiresAt).toBeNull();
    const { secret: second, secrets: both } = await bench.rotate(endpoint);
    expect(second).not.toBe(first);
    expect(both).toHaveLength(2);
    expect(both[0]!.expiresAt).toBeNull();
    expect(both[1]!.fingerprint).toBe(secrets[0]!.fingerprint);
    expect((Date.parse(both[1]!.expiresAt!) - Date.now()) / 3_600_000).toBeCloseTo(24, 0);
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    const call = bench.receiver.calls[0]!;
    expect(signaturesOf(call)).toHaveLength(2);
    for (const secret of [first, second]) verified(call, secret);
    // The newest signs first.
    const [newest] = signaturesOf(call);
    verified({ ...call, headers: { ...call.headers, 'webhook-signature': newest } }, second);

    const { secret: last, secrets: three } = await bench.rotate(endpoint, 1);
    expect(three).toHaveLength(3);
    const left = async () => expect((await bench.show(endpoint)).secrets).toHaveLength(1);
    await vi.waitFor(left, { timeout: 10_000, interval: 100 });
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    const later = bench.receiver.calls[1]!;
    expect(signaturesOf(later)).toHaveLength(1);
    verified(later, last);
    for (const secret of [first, second]) expect(() => verified(later, secret)).toThrow(/No matching/);
  });

  it('end at once where that is asked for, and are then nowhere', async () => {
    const { id: endpoint, secret: leaked } = await bench.create();
    const { secret, secrets } = await bench.rotate(endpoint, 0);
    expect(secrets).toHaveLength(1);
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    expect(signaturesOf(bench.receiver.calls[0]!)).toHaveLength(1);
    verified(bench.receiver.calls[0]!, secret);
    const database = bench.app.app.get(DataSource);
    const kept: unknown[] = await database.query('select 1 from webhook_secrets where secret = $1', [leaked]);
    expect(kept).toEqual([]);
  });

  it('are never prolonged by a later rotation, and five at most', async () => {
    const { id: endpoint } = await bench.create();
    const ends = (await bench.rotate(endpoint, 600)).secrets[1]!.expiresAt;
    expect((await bench.rotate(endpoint, 86_400)).secrets[2]!.expiresAt).toBe(ends);
    for (let times = 0; times < 2; times += 1) await bench.rotate(endpoint, 86_400);
    const before = await bench.show(endpoint);
    expect(before.secrets).toHaveLength(5);
    const refused = await bench.ask(409, 'post', `${endpointsPath}/${endpoint}/rotate`, { overlapSeconds: 60 });
    expect(refused.text).toMatch(/5 secrets that are good/);
    expect(await bench.show(endpoint)).toEqual(before);
    expect((await bench.rotate(endpoint, 0)).secrets).toHaveLength(1);
  });

  it('leave one that does not end when several rotate at once', async () => {
    const { id: endpoint } = await bench.create();
    await Promise.all([1, 2, 3].map(() => bench.rotate(endpoint, 600)));
    const { secrets } = await bench.show(endpoint);
    expect(secrets).toHaveLength(4);
    expect(secrets.filter(({ expiresAt }) => expiresAt === null)).toHaveLength(1);
  });

  it('are shown once, and no entity reads them', async () => {
    const { id: endpoint, secret } = await bench.create();
    const { secret: second } = await bench.rotate(endpoint);
    const answers = [
      await bench.ask(200, 'get', endpointsPath),
      await bench.ask(200, 'get', `${endpointsPath}/${endpoint}`),
      await bench.ask(200, 'patch', `${endpointsPath}/${endpoint}`, { description: 'x' }),
      await bench.ask(202, 'post', `${endpointsPath}/${endpoint}/test`),
    ];
    for (const { text, headers } of answers)
      for (const one of [secret, second]) expect(text + JSON.stringify(headers)).not.toContain(one.slice(6));
    const tables = bench.app.app.get(DataSource).entityMetadatas.filter(({ tableName }) => /^webhook_/.test(tableName));
    expect(tables).toHaveLength(2);
    for (const { columns } of tables) expect(columns.map(({ databaseName }) => databaseName)).not.toContain('secret');
    await bench.receiver.called(1);
  });
});
