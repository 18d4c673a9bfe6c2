import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('the console over HTTP', () => {
  it.each([['text/html,application/xhtml+xml,*/*;q=0.8'], ['*/*'], ['text/html, application/json']])(
    'gives the page for Accept: %s',
    async (accept) => {
      const answer = await request(app.url).get('/').set('Accept', accept);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers.vary).toContain('Accept');
      expect(answer.text).toContain('<title>Guildcast</title>');
    },
  );

  it('lists the service for programs, with every endpoint there is', async () => {
    const answer = await request(app.url).get('/').set('Accept', 'application/json');
    expect(answer.status).toBe(200);
    const { service, version, endpoints } = answer.body as { service: string; version: string; endpoints: string[] };
    expect(service).toBe('guildcast');
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    const document = (await request(app.url).get('/openapi.json')).body as { paths: Record<string, object> };
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(documented).toContain('GET /api/v1/guilds');
    expect(endpoints).toEqual(expect.arrayContaining(documented));
  });

  it('gives every file the page names, with its type and for no sniffing', async () => {
    const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
    const page = (await request(app.url).get('/')).text;
    const named = [...page.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(5);
    for (const path of named) {
      const answer = await request(app.url).get(path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers['content-type'], path).toBe(types[path.split('.').at(-1) as keyof typeof types]);
      expect(answer.headers['x-content-type-options'], path).toBe('nosniff');
    }
  });

  it('gives every module that the page loads, and none asks for a package', async () => {
    const known = new Set(['/console/app.js']);
    for (const path of known) {
      const answer = await request(app.url).get(path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers['content-type'], path).toMatch(/^(text|application)\/javascript/);
      if (path.startsWith('/socket.io/')) continue;
      for (const [, specifier = ''] of answer.text.matchAll(/^\s*(?:import|export)\s[^'"]*['"]([^'"]+)['"];?$/gm)) {
        expect(specifier, path).toMatch(/^(\.\.?)?\//);
        known.add(new URL(specifier, `http://guildcast${path}`).pathname);
      }
    }
    expect([...known]).toEqual(
      expect.arrayContaining(['/console/client/room-session.js', '/console/domain/cursor.js']),
    );
  });

  it('answers 304 to those who have the file', async () => {
    const first = await request(app.url).get('/console/app.js');
    expect(first.headers['cache-control']).toBe('no-cache');
    const tag = first.headers.etag ?? '';
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    expect((await request(app.url).get('/console/app.js').set('If-None-Match', tag)).status).toBe(304);
    expect((await request(app.url).get('/console/app.js').set('If-None-Match', '"older"')).status).toBe(200);
  });

  it('gives nothing else', async () => {
    for (const path of [
      'none.js',
      '..%2fconsole.module.js',
      '%2e%2e/index.html',
      '..%5c..%5cpackage.json',
      'toString',
      'client/index.js',
      'domain/member.js',
      'client/..%2f..%2fpackage.json',
    ]) {
      const answer = await request(app.url).get(`/console/${path}`);
      expect(answer.status, path).toBe(404);
      expect(answer.headers['content-type'], path).toContain('application/problem+json');
    }
  });

  it('allows the page nothing but its own scripts and styles', async () => {
    const { headers, text } = await request(app.url).get('/');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(text).not.toMatch(/\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/);
  });
});
