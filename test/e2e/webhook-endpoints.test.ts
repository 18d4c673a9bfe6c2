import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { testKeys } from '../support/test-app.js';
import {
  endpointsPath,
  type NewEndpoint,
  type ShownEndpoint,
  verified,
  WebhookBench,
} from '../support/webhook-bench.js';

const bench = new WebhookBench();
const list = async () => (await bench.ask<{ endpoints: ShownEndpoint[] }>(200, 'get', endpointsPath)).body.endpoints;

describe('endpoints over REST', () => {
  it('are made, listed, changed and removed', async () => {
    const url = bench.receiver.url();
    const created = await bench.ask<NewEndpoint>(201, 'post', endpointsPath, { url, description: '  of a test ' });
    const { secret, ...endpoint } = created.body;
    expect(secret).toMatch(/^whsec_/);
    expect(endpoint).toMatchObject({ url, description: 'of a test', enabled: true, disabledAt: null });
    const at = `${endpointsPath}/${endpoint.id}`;
    expect(created.headers).toMatchObject({ location: at, 'cache-control': 'private, no-store' });
    expect(await bench.show(endpoint.id)).toEqual(endpoint);
    expect((await list()).at(-1)).toEqual(endpoint);
    expect(await bench.change(endpoint.id, { description: '' })).toMatchObject({ description: '', url, enabled: true });
    await bench.ask(204, 'delete', at);
    expect((await list()).map(({ id }) => id)).not.toContain(endpoint.id);
    for (const [method, path, body] of [
      ['get', at, undefined],
      ['patch', at, { description: 'x' }],
      ['delete', at, undefined],
      ['post', `${at}/rotate`, {}],
      ['post', `${at}/test`, undefined],
      ['get', `${endpointsPath}/%00`, undefined],
      ['delete', `${endpointsPath}/we_${'x'.repeat(500)}`, undefined],
    ] as const) {
      const { body: problem } = await bench.ask(404, method, path, body);
      expect(problem).toMatchObject({ code: 'resource.not_found', detail: 'There is no such endpoint.' });
    }
  });

  it('answer a ping by way of the queue', async () => {
    const { id: endpoint, secret } = await bench.create();
    const { body, headers } = await bench.ask<{ id: string }>(202, 'post', `${endpointsPath}/${endpoint}/test`);
    expect(headers.location).toBe(`/api/v1/notifications/${body.id}`);
    await bench.untilState(body.id, 'delivered');
    const ping = { type: 'ping', data: { id: body.id, guildId: null } };
    expect(verified(bench.receiver.calls[0]!, secret)).toMatchObject(ping);
  });

  it.each([
    ['url', 'must not hold a user or a password', { url: 'https://user:hidden-word@example.com/' }],
    ['url', 'must begin with https://', { url: 'ftp://example.com/hidden-word' }],
    ['url', /^must not lead to 10\.0\.0\.1/, { url: 'http://10.0.0.1/hidden-word' }],
    ['url', /^must not lead to ::ffff:a9fe:a9fe/, { url: 'http://[::ffff:a9fe:a9fe]/hidden-word' }],
    ['url', /^must not lead to 169\.254\.169\.254/, { url: 'http://0251.0376.0251.0376/hidden-word' }],
    ['url', 'must not have the port 25', { url: 'https://example.com:25/hidden-word' }],
    ['url', /^must be an address/, { url: 'hidden-word' }],
    ['url', /control character/, { url: 'https://example.com/\u0000hidden-word' }],
    ['url', /control character/, { url: 'https://example.com/\nhidden-word' }],
    ['description', /control character/, { url: 'https://example.com/', description: 'a\u0000b' }],
    ['url', /<=2000/, { url: `https://example.com/${'x'.repeat(2_000)}` }],
    ['url', /expected string/, { url: 5 }],
    ['url', /expected string/, {}],
    ['description', /<=200/, { url: 'https://example.com/', description: 'x'.repeat(201) }],
    ['', /secret/, { url: 'https://example.com/', secret: 'whsec_hidden-word' }],
  ])('refuse a wrong %s: %s', async (path, message, body) => {
    const before = await list();
    const answer = await bench.ask(400, 'post', endpointsPath, body);
    const said: unknown = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path, message: said }] });
    expect(answer.text).not.toContain('hidden-word');
    expect(await list()).toEqual(before);
  });

  it('refuse a change that is none, or wrong', async () => {
    const { id } = await bench.create();
    const before = await bench.show(id);
    const wrong = [{}, { id: 'x' }, { enabled: 'no' }, { url: null }, { url: 'http://127.0.0.2/' }, { secrets: [] }];
    for (const change of wrong) await bench.ask(400, 'patch', `${endpointsPath}/${id}`, change);
    for (const overlapSeconds of [-1, 1.5, 2_592_001, '5', null])
      await bench.ask(400, 'post', `${endpointsPath}/${id}/rotate`, { overlapSeconds });
    expect(await bench.show(id)).toEqual(before);
  });

  it('are for admins alone', async () => {
    const { id } = await bench.create();
    const at = `${endpointsPath}/${id}`;
    const server = bench.app.app.getHttpServer();
    const routes = [
      ['get', endpointsPath],
      ['post', endpointsPath],
      ['get', at],
      ['patch', at],
      ['delete', at],
      ['post', `${at}/rotate`],
      ['post', `${at}/test`],
    ] as const;
    for (const [method, path] of routes) {
      expect((await request(server)[method](path)).status).toBe(401);
      for (const key of [testKeys.publish, testKeys.read, testKeys.consume])
        await bench.ask(403, method, path, undefined, key);
    }
    expect((await bench.show(id)).secrets).toHaveLength(1);
  });
});
