import { readFileSync } from 'node:fs';
import { type Server } from 'node:http';
import { Body, Controller, type INestApplication, Post } from '@nestjs/common';
import { createZodDto } from 'nestjs-zod';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { RequireScope } from '../../../src/access/require-scope.decorator.js';
import { HEALTH_CHECKS, type HealthCheck, type HealthReport } from '../../../src/rest/health-check.js';
import { HealthController } from '../../../src/rest/health.controller.js';
import { setUpOpenApi } from '../../../src/rest/openapi.js';
import { Readiness } from '../../../src/rest/readiness.js';
import { VersionController } from '../../../src/rest/version.controller.js';
import { version } from '../../../src/telemetry/version.js';
import { startProbeApp } from './probe-app.js';

class OrderDto extends createZodDto(z.object({ name: z.string().min(3) })) {}

@Controller('orders')
class OrderController {
  @Post()
  @RequireScope('publish')
  order(@Body() body: OrderDto): object {
    return body;
  }
}

const apps: INestApplication[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function start(checks: HealthCheck[], readiness = new Readiness()): Promise<Server> {
  const app = await startProbeApp({
    controllers: [HealthController, VersionController],
    providers: [
      { provide: Readiness, useValue: readiness },
      { provide: HEALTH_CHECKS, useValue: checks },
    ],
    limits: { RATE_LIMIT_HTTP_PER_MINUTE: '1' },
  });
  apps.push(app);
  return app.getHttpServer() as Server;
}

function ready(): Readiness {
  const readiness = new Readiness();
  readiness.ready();
  return readiness;
}

const check = (name: string, answer: () => Promise<HealthReport>): HealthCheck => ({ name, check: answer });
const fixed = (name: string, report: HealthReport): HealthCheck => check(name, () => Promise.resolve(report));

describe('/healthz', () => {
  it('says that the process lives, whatever state it is in, and how often it is asked', async () => {
    const server = await start([fixed('database', { state: 'failed' })]);
    for (let call = 0; call < 5; call += 1) {
      const answer = await request(server).get('/healthz');
      expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });
});

describe('/readyz', () => {
  it('follows the life of the process', async () => {
    const readiness = new Readiness();
    const server = await start([fixed('database', { state: 'ok' })], readiness);
    const ask = async (): Promise<unknown[]> => {
      const answer = await request(server).get('/readyz');
      return [answer.status, (answer.body as { status: string }).status];
    };
    expect(await ask()).toEqual([503, 'starting']);
    readiness.ready();
    expect(await ask()).toEqual([200, 'ready']);
    readiness.drain();
    expect(await ask()).toEqual([503, 'draining']);
  });

  it('stays green while something it can do without is out, and says what', async () => {
    const reports = { database: { state: 'ok' }, discord: { state: 'degraded', detail: 'connecting' } } as const;
    const server = await start([fixed('database', reports.database), fixed('discord', reports.discord)], ready());
    const answer = await request(server).get('/readyz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'degraded', checks: reports }]);
  });

  it('is red when the process cannot serve', async () => {
    const server = await start(
      [fixed('database', { state: 'failed', detail: 'gone' }), fixed('discord', { state: 'degraded' })],
      ready(),
    );
    const answer = await request(server).get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.type).toBe('application/json');
    expect(answer.body).toMatchObject({ status: 'failed', checks: { database: { state: 'failed', detail: 'gone' } } });
  });

  it('takes a check that throws for failed, and does not show the error', async () => {
    const server = await start([check('database', () => Promise.reject(new Error('me:hunter2@db')))], ready());
    const answer = await request(server).get('/readyz');
    expect([answer.status, answer.body]).toEqual([
      503,
      { status: 'failed', checks: { database: { state: 'failed', detail: 'cannot be checked' } } },
    ]);
  });

  it('checks once for all who ask at the same time', async () => {
    let runs = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = check('database', async () => {
      runs += 1;
      await held;
      return { state: 'ok' };
    });
    const server = await start([slow], ready());
    const asked = [1, 2, 3].map(() =>
      request(server)
        .get('/readyz')
        .then((answer) => answer),
    );
    await vi.waitFor(() => expect(runs).toBe(1));
    release();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(runs).toBe(1);
  });
});

describe('/api/version', () => {
  it('tells the version of the package, first', async () => {
    const { text } = await request(await start([])).get('/api/version');
    const written = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(text).toBe(`{"version":"${written.version}","name":"guildcast"}`);
    expect(version).toBe(written.version);
  });
});

describe('the OpenAPI document', () => {
  it('is served for programs and for people, without a key', async () => {
    const app = await startProbeApp({
      controllers: [OrderController],
      configure: (made) => setUpOpenApi(made, '1.2.3'),
    });
    apps.push(app);
    const server = app.getHttpServer() as Server;
    const { body: document } = (await request(server).get('/openapi.json')) as { body: unknown };
    expect(document).toMatchObject({
      info: { title: 'Guildcast', version: '1.2.3' },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
        schemas: {
          OrderDto: { required: ['name'] },
          Problem: { required: expect.arrayContaining(['code']) as unknown },
        },
      },
      paths: {
        '/orders': {
          post: {
            security: [{ bearer: [] }],
            responses: {
              '401': {},
              '403': {},
              default: {
                content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
              },
            },
          },
        },
      },
    });
    const page = await request(server).get('/docs').redirects(1);
    expect(page.status).toBe(200);
    expect(page.text).toContain('Guildcast API');
    const scripts = [...page.text.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(scripts.length).toBeGreaterThan(2);
    for (const path of scripts) {
      const asset = await request(server).get(new URL(path, 'http://x/docs').pathname);
      expect([path, asset.status]).toEqual([path, 200]);
    }
  });
});
