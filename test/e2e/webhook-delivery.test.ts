import { type ServerResponse } from 'node:http';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { testKeys } from '../support/test-app.js';
import { endpointsPath, signaturesOf, verified, WebhookBench } from '../support/webhook-bench.js';

/** Of a demo guild. */
const guildId = '482241773318701056';

const bench = new WebhookBench();
const events: DomainEvent[] = [];
beforeAll(() => void bench.app.log.subscribe((event) => events.push(event)));

describe('a notification to an endpoint', () => {
  it('arrives as a request that its secret vouches for', async () => {
    const { id: endpoint, secret } = await bench.create();
    const id = await bench.publish(endpoint, { guildId });
    const status = await bench.untilState(id, 'delivered');
    expect(status).toMatchObject({ target: { endpoint }, attempts: [{ attempt: 1, outcome: 'sent' }] });
    const [call] = await bench.receiver.called(1);
    expect(call).toMatchObject({ method: 'POST', path: '/hook' });
    expect(call!.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{22}$/) as string,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
      'user-agent': expect.stringMatching(/^Guildcast\//) as string,
    });
    expect(signaturesOf(call!)).toHaveLength(1);
    expect(verified(call!, secret)).toEqual({
      type: 'backup.done',
      timestamp: status.createdAt,
      data: {
        id,
        guildId,
        payload: { size: 12, name: 'größe 🎉' },
        message: { embeds: [expect.objectContaining({ title: 'Backup Done' }) as object] },
      },
    });
    const told = () => events.filter(({ type }) => type.startsWith('notification.')).map(({ data }) => data);
    await vi.waitFor(() => expect(told()).toHaveLength(2));
    expect(told()).toMatchObject([
      { id, target: 'endpoint' },
      { id, target: 'endpoint' },
    ]);
    expect(JSON.stringify(told())).not.toContain('127.0.0.1');
  });

  it('has its ready message', async () => {
    const { id: endpoint, secret } = await bench.create();
    const message = { content: 'as it is' };
    const more = { type: undefined, payload: undefined, message };
    await bench.untilState(await bench.publish(endpoint, more), 'delivered');
    expect(verified(bench.receiver.calls[0]!, secret)).toMatchObject({
      type: 'message',
      data: { payload: {}, message },
    });
  });

  it('is the same one with every try, and told to be new', async () => {
    const { id: endpoint, secret } = await bench.create();
    bench.receiver.next(500, (response) => response.socket?.destroy());
    const status = await bench.untilState(await bench.publish(endpoint), 'delivered');
    expect(status.attempts).toMatchObject([
      { attempt: 1, outcome: 'failed', reason: 'The endpoint answered 500 Internal Server Error.' },
      { attempt: 2, outcome: 'failed', reason: expect.stringMatching(/it cut the connection/) as string },
      { attempt: 3, outcome: 'sent' },
    ]);
    const { calls } = bench.receiver;
    expect(calls).toHaveLength(3);
    for (const call of calls) verified(call, secret);
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(calls.map(({ body }) => (JSON.parse(body) as { timestamp: string }).timestamp)).size).toBe(1);
    const times = calls.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(times[2]).toBeGreaterThan(times[0]!);
  });

  it('is dead when the schedule is over, with the last reason', async () => {
    const { id: endpoint } = await bench.create();
    bench.receiver.next(404, 403, 302);
    expect(await bench.untilState(await bench.publish(endpoint), 'dead')).toMatchObject({
      reason: 'The endpoint answered 302 Found: redirects are not followed, so it needs its new address.',
      attempts: [{ outcome: 'failed' }, { outcome: 'failed' }, { outcome: 'failed' }],
    });
  });

  it('does not follow a redirect to where the clouds tell secrets', async () => {
    const { id: endpoint } = await bench.create();
    const away = (location: string) => (response: ServerResponse) => void response.writeHead(307, { location }).end();
    bench.receiver.next(away('http://169.254.169.254/latest/meta-data/'), away(`${bench.receiver.url()}/other`));
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    expect(bench.receiver.calls.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook']);
  });

  it('waits as long as the receiver asks for, and that is no failed try', async () => {
    const { id: endpoint } = await bench.create();
    const busy = [503, 429, 503, 429].map(
      (code) => (response: ServerResponse) => void response.writeHead(code, { 'retry-after': '1' }).end(),
    );
    bench.receiver.next(...busy);
    const { attempts } = await bench.untilState(await bench.publish(endpoint), 'delivered');
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['postponed', 'sent']);
    expect(bench.receiver.calls).toHaveLength(5);
  });

  it('does not hold up what goes elsewhere for longer than a try', async () => {
    const { id: good } = await bench.create();
    const ids: string[] = [];
    bench.receiver.next(...Array.from({ length: 4 }, () => () => undefined));
    // As many as are delivered at once: all places are taken for a second, and free again at once then.
    for (let times = 0; times < 4; times += 1) ids.push(await bench.publish((await bench.create()).id));
    await bench.receiver.called(4);
    const next = await bench.publish(good);
    expect(await bench.untilState(next, 'delivered')).toMatchObject({ attempts: [{ attempt: 1, outcome: 'sent' }] });
    for (const id of ids) {
      const { attempts } = await bench.untilState(id, 'delivered');
      expect(attempts).toMatchObject([
        { outcome: 'failed', reason: 'The endpoint was not reached: it gave no answer within 1 s.' },
        { outcome: 'sent' },
      ]);
    }
  });

  it('has arrived with the head of an answer, however long the rest is', async () => {
    const { id: endpoint } = await bench.create();
    bench.receiver.next((response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
    });
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    await vi.waitFor(() => expect(bench.receiver.open).toBe(0), { timeout: 5_000 });
    expect(bench.receiver.calls).toHaveLength(1);
  });

  it('ends the endpoint that is gone, and an admin may bring it back', async () => {
    const { id: endpoint } = await bench.create();
    bench.receiver.next(410);
    expect(await bench.untilState(await bench.publish(endpoint), 'dead')).toMatchObject({
      reason: 'The endpoint answered 410 Gone.',
      attempts: [{ outcome: 'refused' }],
    });
    const shown = await bench.show(endpoint);
    expect(shown).toMatchObject({ enabled: false, disabledReason: 'it answered 410 Gone' });
    expect(shown.disabledAt).toMatch(/^\d{4}-/);
    const reason = 'The endpoint is switched off: it answered 410 Gone.';
    expect(await bench.untilState(await bench.publish(endpoint), 'dead')).toMatchObject({ reason });
    expect(bench.receiver.calls).toHaveLength(1);
    await bench.ask(409, 'post', `${endpointsPath}/${endpoint}/test`);

    const again = { enabled: true, disabledReason: null, disabledAt: null };
    expect(await bench.change(endpoint, { enabled: true })).toMatchObject(again);
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    const off = await bench.change(endpoint, { enabled: false });
    expect(off).toMatchObject({ enabled: false, disabledReason: null });
    expect(off.disabledAt).not.toBeNull();
    const dead = await bench.untilState(await bench.publish(endpoint), 'dead');
    expect(dead.reason).toBe('The endpoint is switched off.');
  });

  it('goes to its other target where the endpoint is gone', async () => {
    const { id: endpoint } = await bench.create();
    const { id: other, secret } = await bench.create(`${bench.receiver.url()}/other`);
    bench.receiver.next(410);
    const id = await bench.publish(endpoint, { fallback: { endpoint: other } });
    await bench.untilState(id, 'delivered');
    expect(bench.receiver.calls.map(({ path }) => path)).toEqual(['/hook', '/hook/other']);
    expect(verified(bench.receiver.calls[1]!, secret)).toMatchObject({ data: { id } });
  });

  it('does not switch off an endpoint that got another address meanwhile', async () => {
    const { id: endpoint } = await bench.create();
    const url = `${bench.receiver.url()}/new`;
    bench.receiver.next((response) => {
      void bench.change(endpoint, { url }).then(() => response.writeHead(410).end());
    });
    await bench.untilState(await bench.publish(endpoint), 'dead');
    expect(await bench.show(endpoint)).toMatchObject({ enabled: true, url });
    await bench.untilState(await bench.publish(endpoint), 'delivered');
    expect(bench.receiver.calls.map((call) => call.path)).toEqual(['/hook', '/hook/new']);
  });

  it('goes where the endpoint is by then, and nowhere when it was removed', async () => {
    const { id: endpoint } = await bench.create(`${bench.receiver.url()}/old`);
    bench.receiver.next(500);
    const moved = await bench.publish(endpoint);
    await bench.receiver.called(1);
    await bench.change(endpoint, { url: `${bench.receiver.url()}/moved` });
    await bench.untilState(moved, 'delivered');
    bench.receiver.next(500);
    const left = await bench.publish(endpoint);
    await bench.receiver.called(3);
    await bench.ask(204, 'delete', `${endpointsPath}/${endpoint}`);
    const dead = await bench.untilState(left, 'dead');
    expect(dead.reason).toBe('The endpoint does not exist any more.');
    expect(bench.receiver.calls.map((call) => call.path)).toEqual(['/hook/old', '/hook/moved', '/hook/moved']);
  });

  it('is refused at once where there is no such endpoint', async () => {
    const nobody = `we_${'x'.repeat(22)}`;
    for (const [target, path, message] of [
      [{ endpoint: nobody }, 'target.endpoint', 'must be an endpoint that there is'],
      [{ endpoint: 'we_x' }, 'target.endpoint', 'must be the id of an endpoint: we_ and 22 letters'],
      [{ endpoint: nobody, userId: '100000000000000001' }, 'target', /exactly one of/],
    ] as const) {
      const body = { target, type: 'x', payload: {} };
      const answer = await bench.ask(400, 'post', '/api/v1/notifications', body, testKeys.publish);
      const said: unknown = typeof message === 'string' ? message : expect.stringMatching(message);
      expect(answer.body).toMatchObject({ errors: [{ path, message: said }] });
    }
    const { id } = await bench.create();
    const batch = [id, nobody].map((endpoint) => ({ target: { endpoint }, type: 'x', payload: {} }));
    const answer = await bench.ask(400, 'post', '/api/v1/notifications', batch, testKeys.publish);
    expect(answer.body).toMatchObject({ errors: [{ path: '1.target.endpoint' }] });
    expect(bench.receiver.calls).toEqual([]);
  });

  it('is pushed though all others are left to consumers', async () => {
    const { id: endpoint } = await bench.create();
    await bench.untilState(await bench.publish(endpoint, { delivery: 'pull' }), 'delivered');
    expect(bench.receiver.calls).toHaveLength(1);
  });
});
