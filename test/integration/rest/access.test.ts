import { type Server } from 'node:http';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiKey } from '../../../src/access/api-keys.js';
import { CallerKey } from '../../../src/access/caller-key.decorator.js';
import { Public } from '../../../src/access/public.decorator.js';
import { RequireScope } from '../../../src/access/require-scope.decorator.js';
import { keys, startProbeApp } from './probe-app.js';

@Controller('probe')
class ProbeController {
  @Get('undecorated')
  undecorated(): object {
    return { reached: true };
  }

  @Get('public')
  @Public()
  open(@CallerKey() key?: ApiKey): object {
    return { id: key?.id ?? null, scopes: [...(key?.scopes ?? [])].sort() };
  }

  @Post('publish')
  @RequireScope('publish')
  publish(@CallerKey() key: ApiKey): object {
    return { id: key.id };
  }

  @Get('either')
  @RequireScope('consume', 'read')
  either(): object {
    return { reached: true };
  }
}

@Controller('closed')
@RequireScope('admin')
class ClosedController {
  @Get('inner')
  inner(): object {
    return { reached: true };
  }

  @Get('hatch')
  @Public()
  hatch(): object {
    return { reached: true };
  }
}

let app: INestApplication;
let server: Server;
let lastAddress = 0;

beforeAll(async () => {
  app = await startProbeApp({ controllers: [ProbeController, ClosedController] });
  server = app.getHttpServer() as Server;
});

afterAll(() => app.close());

/** Each test calls from an address of its own, since failed tries are counted by address. */
function newAddress(): string {
  lastAddress += 1;
  return `203.0.113.${lastAddress}`;
}

function get(path: string, key?: string, address = newAddress()): request.Test {
  const call = request(server).get(path).set('X-Forwarded-For', address);
  return key === undefined ? call : call.set('Authorization', `Bearer ${key}`);
}

describe('the guard of the keys', () => {
  it('refuses a handler that says nothing about access, also to an admin', async () => {
    for (const key of [undefined, keys.read, keys.admin]) {
      const answer = await get('/probe/undecorated', key);
      expect(answer.status).toBe(403);
      expect(answer.type).toBe('application/problem+json');
      expect(answer.body).toMatchObject({ code: 'access.scope_missing', instance: '/probe/undecorated' });
    }
  });

  it('lets everybody into public handlers, and knows the key that is sent along', async () => {
    expect((await get('/probe/public')).body).toEqual({ id: null, scopes: [] });
    const keyed = await get('/probe/public', keys.publish);
    expect(keyed.body).toMatchObject({ scopes: ['publish'] });
    expect((keyed.body as { id: string }).id).toMatch(/^[0-9a-f]{12}$/);
  });

  it('refuses an unknown key, also where none is needed', async () => {
    for (const path of ['/probe/public', '/probe/either']) {
      const answer = await get(path, 'nobody-has-this-key');
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ code: 'access.key_unknown' });
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(JSON.stringify(answer.body)).not.toContain('nobody-has');
    }
  });

  it('asks for a key where one is needed', async () => {
    const answer = await request(server).post('/probe/publish').set('X-Forwarded-For', newAddress());
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'access.key_required' });
  });

  it('takes Bearer alone', async () => {
    const basic = Buffer.from(`x:${keys.admin}`).toString('base64');
    for (const header of [`Basic ${basic}`, keys.admin, `Token ${keys.admin}`, 'Bearer', 'Bearer ']) {
      const address = newAddress();
      const call = (path: string): request.Test =>
        request(server).get(path).set('X-Forwarded-For', address).set('Authorization', header);
      expect((await call('/closed/inner')).body).toMatchObject({ status: 401, code: 'access.key_required' });
      expect((await call('/probe/public')).status).toBe(200);
    }
    const lower = request(server).get('/closed/inner').set('X-Forwarded-For', newAddress());
    expect((await lower.set('Authorization', `bearer  ${keys.admin}`)).status).toBe(200);
  });

  it('takes no key from the query', async () => {
    expect((await get(`/closed/inner?key=${keys.admin}&token=${keys.admin}`)).status).toBe(401);
  });

  it('demands the scope, which admin implies', async () => {
    const refused = await get('/closed/inner', keys.publish);
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'access.scope_missing' });
    expect((refused.body as { detail: string }).detail).toContain('admin');
    expect((await get('/probe/either', keys.publish)).status).toBe(403);
    expect((await get('/probe/either', keys.read)).status).toBe(200);
    expect((await get('/probe/either', keys.admin)).status).toBe(200);
  });

  it("lets a handler's own rule beat that of its controller", async () => {
    expect((await get('/closed/hatch')).status).toBe(200);
    expect((await get('/closed/inner')).status).toBe(401);
  });
});

describe('failed tries', () => {
  it('block an address for every key after ten of them, and no other address', async () => {
    const address = newAddress();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await get('/probe/either', `guess-number-${attempt}`, address)).status).toBe(401);
    }
    for (const key of ['guess-number-11', keys.read, keys.admin]) {
      const blocked = await get('/probe/either', key, address);
      expect(blocked.status).toBe(429);
      expect(blocked.body).toMatchObject({ code: 'rate.limited' });
      const wait = Number(blocked.headers['retry-after']);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60);
      expect((blocked.body as { retryAfter: number }).retryAfter).toBe(wait);
    }
    expect((await get('/probe/either', keys.read)).status).toBe(200);
    expect((await get('/probe/public', undefined, address)).status).toBe(200);
  });

  it('count all of an IPv6 /64 together', async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await get('/probe/either', 'a-guess-from-ipv6', `2001:db8:0:7::${attempt}`);
    }
    expect((await get('/probe/either', keys.read, '2001:db8:0:7:ffff::1')).status).toBe(429);
    expect((await get('/probe/either', keys.read, '2001:db8:0:8::1')).status).toBe(200);
  });

  it('do not count good keys and missing ones', async () => {
    const address = newAddress();
    for (let call = 0; call < 12; call += 1) {
      expect((await get('/probe/either', keys.read, address)).status).toBe(200);
      expect((await get('/probe/either', undefined, address)).status).toBe(401);
    }
  });
});
