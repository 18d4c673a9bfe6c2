import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Post,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { Public } from '../../../src/access/public.decorator.js';
import { Fault } from '../../../src/domain/fault.js';
import { RateLimit } from '../../../src/rate-limit/rate-limit.decorator.js';
import { RateLimitInterceptor } from '../../../src/rate-limit/rate-limit.interceptor.js';
import { keys, startProbeApp } from './probe-app.js';

@Controller()
@Public()
class ProbeController {
  @Get('usual')
  usual(): object {
    return {};
  }

  @Get('also-usual')
  alsoUsual(): object {
    return {};
  }

  @Post('publish')
  @RateLimit('publish')
  publish(): object {
    return {};
  }

  @Get('free')
  @RateLimit('none')
  free(): object {
    return {};
  }
}

@Catch(Fault)
class AckFilter implements ExceptionFilter<Fault> {
  catch(fault: Fault, host: ArgumentsHost): void {
    const acknowledge = host.getArgByIndex<(answer: unknown) => void>(2);
    acknowledge({ error: { code: fault.code, retryAfter: fault.details.retryAfter } });
  }
}

@WebSocketGateway()
@UseInterceptors(RateLimitInterceptor)
@UseFilters(AckFilter)
class ProbeGateway {
  @SubscribeMessage('talk')
  talk(): object {
    return { heard: true };
  }

  @SubscribeMessage('join')
  @RateLimit('join')
  join(): object {
    return { joined: true };
  }
}

const apps: INestApplication[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function start(limits: Record<string, string>): Promise<Server> {
  const app = await startProbeApp({ controllers: [ProbeController], providers: [ProbeGateway], limits });
  apps.push(app);
  return app.getHttpServer() as Server;
}

describe('the rate limit on HTTP', () => {
  it('says in headers what is left, then refuses with the time to wait', async () => {
    const server = await start({ RATE_LIMIT_HTTP_PER_MINUTE: '3' });
    const first = await request(server).get('/usual');
    expect(first.status).toBe(200);
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2' });
    expect(Number(first.headers['ratelimit-reset'])).toBeGreaterThan(0);
    await request(server).get('/also-usual');
    expect((await request(server).get('/usual')).headers['ratelimit-remaining']).toBe('0');
    const refused = await request(server).get('/usual');
    expect(refused.status).toBe(429);
    expect(refused.type).toBe('application/problem+json');
    expect(refused.body).toMatchObject({ code: 'rate.limited' });
    expect(refused.headers['retry-after']).toBe(refused.headers['ratelimit-reset']);
  });

  it('counts addresses and keys apart, and a key alike from everywhere', async () => {
    const server = await start({ RATE_LIMIT_HTTP_PER_MINUTE: '1' });
    const from = (address: string, key?: string): request.Test => {
      const call = request(server).get('/usual').set('X-Forwarded-For', address);
      return key === undefined ? call : call.set('Authorization', `Bearer ${key}`);
    };
    expect((await from('203.0.113.1')).status).toBe(200);
    expect((await from('203.0.113.1')).status).toBe(429);
    expect((await from('203.0.113.2')).status).toBe(200);
    expect((await from('203.0.113.1', keys.read)).status).toBe(200);
    expect((await from('203.0.113.3', keys.read)).status).toBe(429);
    expect((await from('203.0.113.1', keys.publish)).status).toBe(200);
  });

  it('does not believe a forwarded address of a stranger', async () => {
    const server = await start({ RATE_LIMIT_HTTP_PER_MINUTE: '1', TRUST_PROXY: 'false' });
    expect((await request(server).get('/usual').set('X-Forwarded-For', '203.0.113.1')).status).toBe(200);
    expect((await request(server).get('/usual').set('X-Forwarded-For', '203.0.113.2')).status).toBe(429);
  });

  it('takes from the bucket that the handler chose', async () => {
    const server = await start({ RATE_LIMIT_HTTP_PER_MINUTE: '1', RATE_LIMIT_PUBLISH_PER_MINUTE: '2' });
    expect((await request(server).post('/publish')).headers['ratelimit-limit']).toBe('2');
    expect((await request(server).post('/publish')).status).toBe(201);
    expect((await request(server).post('/publish')).status).toBe(429);
    expect((await request(server).get('/usual')).status).toBe(200);
    for (let call = 0; call < 5; call += 1) {
      const free = await request(server).get('/free');
      expect(free.status).toBe(200);
      expect(free.headers).not.toHaveProperty('ratelimit-limit');
    }
  });
});

describe('the rate limit on sockets', () => {
  function connect(server: Server, address: string): Socket {
    const { port } = server.address() as AddressInfo;
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { 'X-Forwarded-For': address },
    });
    sockets.push(socket);
    return socket;
  }

  it('counts the messages of an address over all its sockets, and leaves the connection alone', async () => {
    const server = await start({ RATE_LIMIT_SOCKET_PER_MINUTE: '3', RATE_LIMIT_JOINS_PER_MINUTE: '1' });
    const [one, two, other] = [
      connect(server, '203.0.113.1'),
      connect(server, '203.0.113.1'),
      connect(server, '203.0.113.2'),
    ];
    for (const socket of [one, two, one]) expect(await socket.emitWithAck('talk', {})).toEqual({ heard: true });
    const refusal: unknown = await two.emitWithAck('talk', {});
    expect(refusal).toMatchObject({ error: { code: 'rate.limited', retryAfter: expect.any(Number) as number } });
    expect(await other.emitWithAck('talk', {})).toEqual({ heard: true });
    expect(two.connected).toBe(true);

    expect(await one.emitWithAck('join', {})).toEqual({ joined: true });
    expect(await two.emitWithAck('join', {})).toMatchObject({ error: { code: 'rate.limited' } });
  });
});
