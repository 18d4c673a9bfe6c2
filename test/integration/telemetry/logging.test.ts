import { type Server } from 'node:http';
import { Writable } from 'node:stream';
import {
  Controller,
  Get,
  Header,
  type INestApplication,
  Logger as NestLogger,
  ServiceUnavailableException,
} from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Public } from '../../../src/access/public.decorator.js';
import { LoggingModule } from '../../../src/telemetry/logging.module.js';
import { keys, startProbeApp } from '../rest/probe-app.js';

interface Line {
  level: number;
  msg: string;
  reqId?: string;
  [field: string]: unknown;
}

const levels = { debug: 20, info: 30, warn: 40, error: 50 };
let draining = false;
let written = '';

@Controller()
@Public()
class ProbeController {
  private readonly logger = new NestLogger('Probe');

  @Get('talk')
  @Header('Set-Cookie', 'session=cookie-of-the-answer')
  talk(): object {
    this.logger.log({ guildId: '1', token: 'token-in-a-field' }, 'talked');
    this.logger.warn('went to postgres://me:password-in-a-text@db');
    return {};
  }

  @Get('broken')
  broken(): object {
    throw new Error('spring is broken');
  }

  @Get(['healthz', 'readyz'])
  probe(): object {
    if (draining) throw new ServiceUnavailableException('draining');
    return {};
  }
}

let app: INestApplication;
let server: Server;

beforeAll(async () => {
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const logging = LoggingModule.forRoot({ LOG_LEVEL: 'debug', LOG_FORMAT: 'json' }, output);
  app = await startProbeApp({
    controllers: [ProbeController],
    imports: [logging],
    configure: (made) => made.useLogger(made.get(Logger)),
  });
  server = app.getHttpServer() as Server;
});

beforeEach(() => {
  written = '';
  draining = false;
});

afterAll(async () => {
  await app.close();
  NestLogger.overrideLogger(false);
});

function lines(): Line[] {
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The line of a request is written when its answer has left, which the client may see earlier. */
async function lineOf(path: string): Promise<Line> {
  return vi.waitFor(() => {
    const line = lines().find(({ msg }) => msg.startsWith(`GET ${path}`));
    expect(line).toBeDefined();
    return line as Line;
  });
}

describe('the log of the app', () => {
  it('has one line per request, and no secret of it', async () => {
    await request(server)
      .get('/talk?token=token-in-the-query&page=2')
      .set('Authorization', `Bearer ${keys.read}`)
      .set('Cookie', 'session=cookie-of-the-request')
      .set('X-Api-Key', 'key-in-a-header');
    const line = await lineOf('/talk');
    expect(line.msg).toBe('GET /talk?token=[Redacted]&page=2 200');
    expect(line.level).toBe(levels.info);
    expect(line['responseTime']).toEqual(expect.any(Number));
    expect(lines().map(({ msg }) => msg)).toEqual(expect.arrayContaining(['talked']));
    for (const secret of [keys.read, 'token-in', 'cookie-of', 'key-in', 'password-in'])
      expect(written).not.toContain(secret);
  });

  it('ties all lines of a request together by the id that the client sees', async () => {
    const answer = await request(server).get('/talk');
    const id = answer.headers['x-request-id'] as string;
    expect(id).toMatch(/^[\w-]{36}$/);
    await lineOf('/talk');
    expect(lines().map(({ reqId }) => reqId)).toEqual([id, id, id]);
  });

  it('takes over a harmless id of the caller, and no other', async () => {
    const answered = async (id: string): Promise<unknown> =>
      (await request(server).get('/talk').set('X-Request-Id', id)).headers['x-request-id'];
    expect(await answered('trace-1.a_B')).toBe('trace-1.a_B');
    expect(await answered('with blank')).not.toBe('with blank');
    expect(await answered('x'.repeat(65))).not.toBe('x'.repeat(65));
  });

  it('shows good answers to probes at debug only, and bad ones as warnings', async () => {
    await request(server).get('/healthz');
    expect((await lineOf('/healthz')).level).toBe(levels.debug);
    draining = true;
    await request(server).get('/readyz?verbose');
    expect((await lineOf('/readyz')).level).toBe(levels.warn);
  });

  it('holds the stack of an error that no client is told about', async () => {
    const answer = await request(server).get('/broken');
    expect(answer.text).not.toContain('spring');
    expect((await lineOf('/broken')).level).toBe(levels.error);
    const logged = lines().find(({ context }) => context === 'ProblemFilter');
    expect(logged).toMatchObject({ level: levels.error, err: { message: 'spring is broken' } });
    expect((logged?.['err'] as { stack: string }).stack).toContain('logging.test');
  });
});
