import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

type Method = 'get' | 'put' | 'delete' | 'post';
type Scope = keyof typeof testKeys;

interface Shown {
  message: { embeds?: Record<string, unknown>[] };
  discord: { content: string; embeds: Record<string, unknown>[] } | null;
  template: { kind: string };
  warnings: string[];
}

const preview = '/api/v1/notifications/preview';
const templates = '/api/v1/admin/templates';
const payload = {
  service: 'shop',
  version: '1.4.2',
  ok: false,
  commits: [{ text: 'Fix *prices*' }, { text: 'Drop old code' }],
  url: 'https://ci.example/7',
};
const deploy = {
  content: '{{ service }}',
  title: 'Deployed {{ service }} {{ version }}',
  url: '{{ url }}',
  color: '{% if ok %}green{% else %}red{% endif %}',
  description: '{% for c in commits %}- {{ c.text | escape_markdown }}\n{% endfor %}',
  fields: [{ name: '{{ index }}', value: '{{ item.text }}', each: 'commits', inline: true }],
  footer: '{{ notification.priority }}',
};

let discord: FakeDiscord;
let app: TestApp;
beforeAll(async () => {
  discord = await FakeDiscord.start();
  app = await startTestApp({ DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, DATA_PROVIDERS: 'mock' });
}, 90_000);
afterAll(async () => {
  await app.close();
  await discord.stop();
});

function ask(method: Method, path: string, scope?: Scope) {
  const asked = request(app.app.getHttpServer())[method](path);
  return scope ? asked.set('Authorization', `Bearer ${testKeys[scope]}`) : asked;
}

const put = (type: string, locale: string, body: object) =>
  ask('put', `${templates}/${type}/${locale}`, 'admin').send(body);

async function show(body: object, scope: Scope = 'publish'): Promise<Shown> {
  const answer = await ask('post', preview, scope)
    .send({ target: { userId: '100000000000000001' }, ...body })
    .expect(200);
  return answer.body as Shown;
}

describe('templates over HTTP', () => {
  it('are for admins alone', async () => {
    for (const [method, path] of [
      ['get', templates],
      ['get', `${templates}/deploy/es`],
      ['put', `${templates}/deploy/es`],
      ['delete', `${templates}/deploy/es`],
    ] as const) {
      await ask(method, path).expect(401);
      await ask(method, path, 'publish').expect(403);
    }
  });

  it('are written, read, listed and removed', async () => {
    await ask('get', `${templates}/build.done/es`, 'admin').expect(404);
    const written = await put('build.done', 'es', deploy).expect(200);
    expect(written.body).toEqual({
      type: 'build.done',
      locale: 'es',
      updatedAt: expect.stringMatching(/Z$/) as string,
      lastError: null,
      template: deploy,
    });
    const read = await ask('get', `${templates}/build.done/es`, 'admin').expect(200);
    expect(read.body).toEqual(written.body);
    expect(read.headers['cache-control']).toBe('private, no-store');
    const { type, locale, updatedAt, lastError } = written.body as Record<string, unknown>;
    const summary = { type, locale, updatedAt, lastError };
    expect((await ask('get', templates, 'admin').expect(200)).body).toEqual({ templates: [summary] });
    await ask('delete', `${templates}/build.done/es`, 'admin').expect(204);
    await ask('delete', `${templates}/build.done/es`, 'admin').expect(404);
    expect((await ask('get', templates, 'admin').expect(200)).body).toEqual({ templates: [] });
  });

  it('are refused with the place of every fault, and the former one stays', async () => {
    await put('kept', 'en', { title: 'kept' }).expect(200);
    const refused = await put('kept', 'en', {
      title: 'a\n{{ b',
      fields: [{ name: 'x', value: '{% for %}', each: 'a b' }],
    }).expect(400);
    expect(refused.body).toMatchObject({
      code: 'request.invalid',
      errors: [
        { path: 'title', message: expect.stringContaining('line 2') as string },
        { path: 'fields.0.value' },
        { path: 'fields.0.each' },
      ],
    });
    expect(await show({ type: 'kept', payload: {}, locale: 'en' })).toMatchObject({
      message: { embeds: [{ title: 'kept' }] },
    });
  });

  it.each([
    ['an unknown language', '/deploy/fr', { title: 'x' }],
    ['a type that nobody can publish', '/de%20ploy/es', { title: 'x' }],
    ['an unknown key', '/deploy/es', { title: 'x', script: 'x' }],
    ['nothing', '/deploy/es', {}],
    ['no object', '/deploy/es', [1]],
    ['a text that is too long', '/deploy/es', { title: 'x'.repeat(4_001) }],
  ])('are refused for %s', async (_, path, body) => {
    const answer = await ask('put', `${templates}${path}`, 'admin').send(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it('are refused for their size before anything else', async () => {
    const fields = Array.from({ length: 25 }, () => ({ name: 'n', value: 'x'.repeat(4_000) }));
    await put('deploy', 'es', { fields }).expect(413);
    await put('deploy', 'es', { fields: fields.slice(0, 12) }).expect(400);
  });
});

describe('a preview', () => {
  it('is for those who may publish, and a template in it for admins', async () => {
    const body = { target: { userId: '100000000000000001' }, type: 'deploy', payload: {} };
    await ask('post', preview).send(body).expect(401);
    await ask('post', preview, 'read').send(body).expect(403);
    const refused = await ask('post', preview, 'publish')
      .send({ ...body, template: { title: 'x' } })
      .expect(403);
    expect(refused.body).toMatchObject({ code: 'access.scope_missing' });
  });

  it('shows exactly what is then sent', async () => {
    await put('deploy', 'es', deploy).expect(200);
    const { id: userId } = discord.addUser({ username: 'ada' });
    const notification = { target: { userId }, type: 'deploy', payload, priority: 'high' };
    const shown = await show(notification);
    expect(shown).toMatchObject({ template: { kind: 'template', type: 'deploy', locale: 'es' }, warnings: [] });
    expect(shown.message.embeds![0]).toMatchObject({
      title: 'Deployed shop 1.4.2',
      url: 'https://ci.example/7',
      color: 0xed4245,
      description: '- Fix \\*prices\\*\n- Drop old code',
      footer: 'high',
    });
    await ask('post', '/api/v1/notifications', 'publish').send(notification).expect(202);
    const sent = await discord.waitForSent((message) => message.userId === userId, { timeout: 15_000 });
    const withoutTime = (embed: Record<string, unknown>) => ({ ...embed, timestamp: undefined });
    expect(sent.content).toBe(shown.discord!.content);
    expect((sent.embeds as Record<string, unknown>[]).map(withoutTime)).toEqual(shown.discord!.embeds.map(withoutTime));
  });

  it('tries a template that is not stored, and says what it lacks', async () => {
    const template = { title: '{{ service }} {{ vresion }}', description: '{{ long }}' };
    const shown = await show({ type: 'trial', payload: { ...payload, long: 'x'.repeat(5_000) }, template }, 'admin');
    expect(shown).toMatchObject({
      template: { kind: 'trial' },
      warnings: ['title: there is no vresion', 'description: cut from 5000 to 4096 characters'],
    });
    expect((await show({ type: 'trial', payload })).template).toEqual({ kind: 'generic' });
    const refused = await ask('post', preview, 'admin')
      .send({ target: { userId: '100000000000000001' }, type: 'x', payload: {}, template: { title: '{{' } })
      .expect(400);
    expect(refused.body).toMatchObject({ errors: [{ path: 'template.title' }] });
  });

  it('shows the forms of ours in both languages, and a ready message as it is', async () => {
    const error = { type: 'backup_error', payload: { error_message: 'disk full' } };
    expect(await show(error)).toMatchObject({
      message: { embeds: [{ title: '❌ Error en Backup' }] },
      template: { locale: 'es' },
    });
    expect(await show({ ...error, locale: 'en' })).toMatchObject({
      message: { embeds: [{ title: '❌ Backup Error' }] },
    });
    const ready = await show({ message: { content: 'Ready', embeds: [{ title: '{{ x }}' }] } });
    expect(ready).toMatchObject({
      message: { content: 'Ready', embeds: [{ title: '{{ x }}' }] },
      template: { kind: 'message' },
    });
  });

  it.each([
    ['no target', { type: 'x', payload: {}, target: undefined }],
    ['no type', { payload: {} }],
    ['an unknown key', { type: 'x', payload: {}, colour: 1 }],
    ['an unknown language', { type: 'x', payload: {}, locale: 'fr' }],
  ])('refuses what publishing refuses: %s', async (_, body) => {
    await ask('post', preview, 'publish')
      .send({ target: { userId: '100000000000000001' }, ...body })
      .expect(400);
  });

  it('stores nothing', async () => {
    const { id } = (
      await ask('post', '/api/v1/notifications', 'publish')
        .send({ target: { userId: '100000000000000001' }, type: 'x', payload: {} })
        .expect(202)
    ).body as { id: string };
    await show({ type: 'x', payload: {} });
    const { id: next } = (
      await ask('post', '/api/v1/notifications', 'publish')
        .send({ target: { userId: '100000000000000001' }, type: 'x', payload: {} })
        .expect(202)
    ).body as { id: string };
    expect(Number(next) - Number(id)).toBe(1);
  });
});
