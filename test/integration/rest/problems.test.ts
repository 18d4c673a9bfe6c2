import { type Server } from 'node:http';
import { connect } from 'node:net';
import { type AddressInfo } from 'node:net';
import { Body, Controller, Get, type INestApplication, Logger, Param, Post, Query, Res } from '@nestjs/common';
import { type Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Public } from '../../../src/access/public.decorator.js';
import { Fault } from '../../../src/domain/fault.js';
import { problem } from '../../../src/rest/problem.js';
import { startProbeApp } from './probe-app.js';

class OrderDto extends createZodDto(z.strictObject({ name: z.string().min(1), amount: z.int() })) {}
class PageDto extends createZodDto(z.object({ limit: z.coerce.number().int().max(100).default(10) })) {}

@Controller()
@Public()
class ProbeController {
  @Post('orders')
  order(@Body() body: OrderDto): object {
    return body;
  }

  @Get('page')
  page(@Query() query: PageDto): object {
    return query;
  }

  @Get('items/:id')
  item(@Param('id') id: string): object {
    return { id };
  }

  @Get('broken')
  broken(): object {
    throw new Error('the password is hunter2');
  }

  @Get('broken/with-text')
  brokenWithText(): object {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what libraries do
    throw 'the password is hunter2';
  }

  @Get('fault')
  fault(): object {
    throw new Fault('guild.unavailable', 'Discord does not answer.', { retryAfter: 4.2 });
  }

  @Get('changed-its-mind')
  changedItsMind(@Res({ passthrough: true }) response: Response): object {
    response.set({ ETag: '"of-the-file"', 'Content-Disposition': 'attachment', 'Cache-Control': 'public, max-age=60' });
    throw new Fault('resource.not_found', 'Gone meanwhile.');
  }

  @Get('half')
  half(@Res() response: Response): void {
    response.write('the first half');
    throw new Error('after the head');
  }
}

let app: INestApplication;
let server: Server;

beforeAll(async () => {
  app = await startProbeApp({ controllers: [ProbeController] });
  server = app.getHttpServer() as Server;
});

afterAll(() => app.close());
afterEach(() => vi.restoreAllMocks());

/** Every refusal, whatever it is about. */
function expectProblem(answer: request.Response, status: number, code: string): Record<string, unknown> {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
  const body = JSON.parse(answer.text) as Record<string, unknown>;
  expect(problem.parse(body)).toEqual(body);
  expect(body).toMatchObject({ type: `urn:guildcast:fault:${code}`, code, status });
  return body;
}

describe('problems on HTTP', () => {
  it('an unknown route, without its query', async () => {
    const body = expectProblem(await request(server).get('/nowhere/at%20all?token=x'), 404, 'resource.not_found');
    expect(body['instance']).toBe('/nowhere/at%20all');
    expectProblem(await request(server).delete('/orders'), 404, 'resource.not_found');
  });

  it('a body that is no JSON', async () => {
    const send = (text: string): request.Test =>
      request(server).post('/orders').set('Content-Type', 'application/json').send(text);
    for (const text of ['{"name": ', 'nonsense', '{"a":1}}', '"just text"']) {
      const body = expectProblem(await send(text), 400, 'request.invalid');
      expect(body['detail']).toContain('JSON');
    }
  });

  it('a body that is too large', async () => {
    const answer = await request(server)
      .post('/orders')
      .send({ name: 'x'.repeat(200_000) });
    expectProblem(answer, 413, 'request.too_large');
  });

  it('a body in a charset or encoding that is not understood', async () => {
    const send = (name: string, value: string): request.Test =>
      request(server).post('/orders').set('Content-Type', 'application/json').set(name, value).send('{}');
    expectProblem(await send('Content-Type', 'application/json; charset=klingon'), 415, 'request.invalid');
    expectProblem(await send('Content-Encoding', 'rot13'), 415, 'request.invalid');
    expectProblem(await send('Content-Encoding', 'gzip'), 400, 'request.invalid');
  });

  it('a body of another shape, with every fault at its place', async () => {
    const wrong = await request(server).post('/orders').send({ name: '', amount: 1.5, more: true });
    const body = expectProblem(wrong, 400, 'request.invalid');
    const errors = body['errors'] as { path: string; message: string }[];
    expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining(['name', 'amount', '']));
    expect(errors.find(({ path }) => path === '')?.message).toContain('more');
    for (const none of [request(server).post('/orders'), request(server).post('/orders').type('text').send('name')]) {
      expectProblem(await none, 400, 'request.invalid');
    }
    expectProblem(await request(server).get('/page?limit=many'), 400, 'request.invalid');
    expect((await request(server).get('/page')).body).toEqual({ limit: 10 });
  });

  it('an address that cannot be decoded', async () => {
    expectProblem(await request(server).get('/items/%ff'), 400, 'request.invalid');
    expectProblem(await request(server).get('/items/%'), 400, 'request.invalid');
  });

  it('a fault, with the time to wait rounded up', async () => {
    const answer = await request(server).get('/fault');
    const body = expectProblem(answer, 503, 'guild.unavailable');
    expect(body).toMatchObject({ detail: 'Discord does not answer.', retryAfter: 5, instance: '/fault' });
    expect(answer.headers['retry-after']).toBe('5');
  });

  it.each(['/broken', '/broken/with-text'])('%s: an error of ours: logged, and told to nobody', async (path) => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const answer = await request(server).get(path);
    expectProblem(answer, 500, 'service.failed');
    expect(answer.text).not.toContain('hunter2');
    expect(JSON.stringify(answer.headers)).not.toContain('hunter2');
    expect(logged).toHaveBeenCalledOnce();
    const [error] = logged.mock.calls[0] as [Error];
    expect(error.message).toContain('hunter2');
    expect(error.stack).toContain('at ');
  });

  it('a fault after the headers of another answer were set', async () => {
    const answer = await request(server).get('/changed-its-mind');
    expectProblem(answer, 404, 'resource.not_found');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.headers).not.toHaveProperty('content-disposition');
  });

  it('answers HEAD with the status alone', async () => {
    const answer = await request(server).head('/nowhere');
    expect(answer.status).toBe(404);
    expect(answer.text ?? '').toBe('');
  });

  it('cuts an answer that has begun, so that half of it does not look whole', async () => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { port } = server.address() as AddressInfo;
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /half HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(received));
    });
    expect(text.endsWith('0\r\n\r\n')).toBe(false);
    expect(text).not.toContain('problem');
  });

  it('goes on serving after all of that', async () => {
    expect((await request(server).post('/orders').send({ name: 'tea', amount: 2 })).body).toEqual({
      name: 'tea',
      amount: 2,
    });
  });
});
