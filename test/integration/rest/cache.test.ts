import { type Server } from 'node:http';
import { Controller, Get, Header, type INestApplication, Param, Query, Req, Res } from '@nestjs/common';
import { type Request, type Response } from 'express';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Public } from '../../../src/access/public.decorator.js';
import { CacheInvalidation } from '../../../src/cache/cache-invalidation.js';
import { Cached, keepPrivate } from '../../../src/cache/cached.decorator.js';
import { Fault } from '../../../src/domain/fault.js';
import { keys, startProbeApp } from './probe-app.js';

let made = 0;
let hold: Promise<void> | undefined;

@Controller()
@Public()
class ProbeController {
  @Get('things/:id')
  @Cached({ ttlSeconds: 60, tags: (request) => [`thing:${request.params['id'] as string}`] })
  async thing(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    made += 1;
    const mine = made;
    await hold;
    if (id === 'missing') throw new Fault('resource.not_found', 'No such thing.');
    const password = request.headers['x-password'];
    if (id === 'guarded') keepPrivate(response);
    return { id, made: mine, query, password, text: 'é'.repeat(10) };
  }

  @Get('uncached')
  @Header('Cache-Control', 'no-cache')
  uncached(): object {
    made += 1;
    return { made };
  }
}

let app: INestApplication;
let server: Server;

beforeEach(async () => {
  made = 0;
  hold = undefined;
  app = await startProbeApp({ controllers: [ProbeController] });
  server = app.getHttpServer() as Server;
});

afterEach(() => app.close());

describe('the cache interceptor', () => {
  it('answers the second request with the text of the first', async () => {
    const first = await request(server).get('/things/1');
    expect(first.status).toBe(200);
    expect(first.type).toBe('application/json');
    expect(first.headers).toMatchObject({ 'x-cache': 'miss', 'cache-control': 'public, max-age=60', age: '0' });
    expect(first.headers['etag']).toMatch(/^"[\w-]{43}"$/);
    expect(first.headers['vary']).toContain('Accept');
    expect(first.headers['vary']).toContain('Authorization');
    const second = await request(server).get('/things/1');
    expect(second.headers).toMatchObject({ 'x-cache': 'hit', etag: first.headers['etag'] });
    expect(second.text).toBe(first.text);
    expect(made).toBe(1);
  });

  it('answers HEAD from the same answer', async () => {
    const got = await request(server).get('/things/1');
    const head = await request(server).head('/things/1');
    expect(head.headers).toMatchObject({ 'x-cache': 'hit', etag: got.headers['etag'] });
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(got.text)));
    expect(made).toBe(1);
  });

  it('sends 304 without a body to who has it already', async () => {
    const { headers } = await request(server).get('/things/1');
    const etag = headers['etag'] as string;
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/"more",W/${etag}`, '*']) {
      const answer = await request(server).get('/things/1').set('If-None-Match', condition);
      expect([condition, answer.status, answer.text]).toEqual([condition, 304, '']);
      expect(answer.headers).toMatchObject({ etag, 'cache-control': 'public, max-age=60' });
    }
    for (const condition of ['"other"', etag.slice(1, -1), 'W/"other"']) {
      expect((await request(server).get('/things/1').set('If-None-Match', condition)).status).toBe(200);
    }
    expect(made).toBe(1);
  });

  it('sends 304 on a miss too, when the answer came out the same', async () => {
    const { headers } = await request(server).get('/things/1');
    await app.get(CacheInvalidation).invalidate('thing:1');
    made = 0;
    const again = await request(server)
      .get('/things/1')
      .set('If-None-Match', headers['etag'] as string);
    expect([again.status, made]).toEqual([304, 1]);
  });

  it('knows answers by path, parameters in any order, and Accept', async () => {
    const load = (path: string, accept = 'application/json'): request.Test =>
      request(server).get(path).set('Accept', accept);
    await load('/things/1?a=1&b=2');
    expect((await load('/things/1?b=2&a=1')).headers['x-cache']).toBe('hit');
    for (const path of [
      '/things/1',
      '/things/1?a=1',
      '/things/1?a=2&b=2',
      '/things/1?a=1&b=2&b=3',
      '/things/2?a=1&b=2',
    ]) {
      expect([path, (await load(path)).headers['x-cache']]).toEqual([path, 'miss']);
    }
    expect((await load('/things/1?a=1&b=2', '*/*')).headers['x-cache']).toBe('miss');
    expect((await load('/things/1?a=1&a=2')).headers['x-cache']).toBe('miss');
    expect((await load('/things/1?a=2&a=1')).headers['x-cache']).toBe('miss');
  });

  it('survives odd addresses', async () => {
    for (const path of ['//things/1', '/things/1?', '/things/1??&&=%', '/things/%31?a[b]=1&a[c]=2']) {
      expect((await request(server).get(path)).status, path).toBeLessThan(500);
    }
  });

  it('forgets by tag, and only that', async () => {
    for (const id of [1, 2]) await request(server).get(`/things/${id}`);
    await app.get(CacheInvalidation).invalidate('thing:1');
    expect((await request(server).get('/things/1')).headers['x-cache']).toBe('miss');
    expect((await request(server).get('/things/2')).headers['x-cache']).toBe('hit');
  });

  it('runs the handler once for all who ask at the same time', async () => {
    let release = (): void => undefined;
    hold = new Promise((resolve) => (release = resolve));
    const calls = Array.from({ length: 10 }, () =>
      request(server)
        .get('/things/1')
        .then((answer) => answer),
    );
    await vi.waitFor(() => expect(made).toBe(1));
    release();
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(made).toBe(1);
  });

  it('keeps nothing for callers with a key, and gives them nothing kept', async () => {
    await request(server).get('/things/1');
    for (let call = 0; call < 2; call += 1) {
      const keyed = await request(server).get('/things/1').set('Authorization', `Bearer ${keys.read}`);
      expect(keyed.headers['cache-control']).toBe('private, no-store');
      expect(keyed.headers).not.toHaveProperty('x-cache');
      expect(keyed.body).toMatchObject({ made: call + 2 });
    }
    expect((await request(server).get('/things/1')).body).toMatchObject({ made: 1 });
  });

  it('keeps nothing that the handler calls private, also among those who ask at the same time', async () => {
    const load = (password: string): Promise<request.Response> =>
      request(server)
        .get('/things/guarded')
        .set('X-Password', password)
        .then((answer) => answer);
    const answers = await Promise.all(['one', 'two', 'three'].map(load));
    expect(answers.map(({ body }) => (body as { password: string }).password)).toEqual(['one', 'two', 'three']);
    for (const { headers } of answers) {
      expect(headers['cache-control']).toBe('private, no-store');
      expect(headers).not.toHaveProperty('x-cache');
    }
    expect((await load('four')).body).toMatchObject({ password: 'four' });
  });

  it('keeps no refusal', async () => {
    for (let call = 1; call <= 2; call += 1) {
      const answer = await request(server).get('/things/missing');
      expect(answer.status).toBe(404);
      expect(answer.type).toBe('application/problem+json');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(made).toBe(call);
    }
  });

  it('leaves unmarked handlers alone', async () => {
    const first = await request(server).get('/uncached');
    const second = await request(server).get('/uncached');
    expect([first.body, second.body]).toEqual([{ made: 1 }, { made: 2 }]);
    expect(second.headers['cache-control']).toBe('no-cache');
    expect(second.headers).not.toHaveProperty('x-cache');
  });
});
