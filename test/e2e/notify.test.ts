import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const run = promisify(execFile);

interface Answer {
  status: number;
  contentType: string;
  body: string;
}

describe('notify, by curl', () => {
  let discord: FakeDiscord;
  let running: TestApp;
  let channelId: string;
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    running = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'mock',
      QUEUE_POLL_SECONDS: '1',
      QUEUE_MAX_PAYLOAD_BYTES: '2000',
    });
    await request(server())
      .put('/api/v1/admin/routes/ops')
      .set('Authorization', `Bearer ${testKeys.admin}`)
      .send({ target: { channelId } })
      .expect(201);
  }, 60_000);
  afterAll(async () => {
    await running.close();
    await discord.stop();
  });

  const server = () => running.app.getHttpServer();

  async function curl(args: (string | Buffer)[], input?: Buffer): Promise<Answer> {
    const written = '\n%{http_code} %{content_type}';
    const child = run('curl', ['-s', '--max-time', '15', '-w', written, ...(args as string[])], { encoding: 'utf8' });
    child.child.stdin?.end(input ?? '');
    const { stdout } = await child;
    const end = stdout.lastIndexOf('\n');
    const [status = '', ...type] = stdout.slice(end + 1).split(' ');
    return { status: Number(status), contentType: type.join(' '), body: stdout.slice(0, end) };
  }

  const withKey = ['-H', `Authorization: Bearer ${testKeys.publish}`];
  const to = (route = 'ops') => `${running.url}/api/v1/notify/${route}`;

  async function view(id: string): Promise<Record<string, unknown>> {
    const path = `/api/v1/notifications/${id}`;
    const answer = await request(server()).get(path).set('Authorization', `Bearer ${testKeys.publish}`).expect(200);
    return answer.body as Record<string, unknown>;
  }

  /** What arrived in Discord of an accepted notification. */
  async function delivered(answer: Answer): Promise<Record<string, unknown>> {
    expect(answer).toMatchObject({ status: 202, contentType: expect.stringContaining('application/json') as string });
    const { id, state, links } = JSON.parse(answer.body) as { id: string; state: string; links: { self: string } };
    expect({ state, self: links.self }).toEqual({ state: 'pending', self: `/api/v1/notifications/${id}` });
    const messageId = await vi.waitFor(
      async () => {
        expect((await view(id)).state).toBe('delivered');
        return discord.sent.length;
      },
      { timeout: 15_000 },
    );
    const message = discord.sent[messageId - 1];
    return (message?.embeds as Record<string, unknown>[])[0]!;
  }

  it('sends the body as it is, though curl calls it a form', async () => {
    expect(await delivered(await curl([...withKey, '-d', 'Backup failed: 100% & more', to()]))).toMatchObject({
      description: 'Backup failed: 100% & more',
    });
  }, 30_000);

  it('reads headers in UTF-8 and encoded words, and a body from a pipe', async () => {
    const headers = ['-H', 'Title: Größe ✅', '-H', 'X-Tags: disk, =?utf-8?q?K=C3=BChlung?=', '-H', 'Priority: 4'];
    const answer = await curl([...withKey, ...headers, '--data-binary', '@-', to()], Buffer.from('zwei\nZeilen ä\n'));
    expect(await delivered(answer)).toMatchObject({
      title: 'Größe ✅',
      description: 'zwei\nZeilen ä',
      footer: { text: 'disk • Kühlung' },
      color: 0xe67e22,
    });
    expect(await view((JSON.parse(answer.body) as { id: string }).id)).toMatchObject({
      priority: 'high',
      route: 'ops',
    });
  }, 30_000);

  it('takes a title alone, JSON, and the key as the password of Basic', async () => {
    expect(await delivered(await curl([...withKey, '-X', 'POST', '-H', 'Title: only this', to()]))).toMatchObject({
      title: 'only this',
    });
    const json = JSON.stringify({ title: 'T', message: 'M', priority: 'urgent', tags: ['a'] });
    const answer = await curl(['-u', `:${testKeys.publish}`, '-H', 'Content-Type: application/json', '-d', json, to()]);
    expect(await delivered(answer)).toMatchObject({ title: 'T', description: 'M', color: 0xff0000 });
  }, 30_000);

  it('shows what it is told by the type that is asked for', async () => {
    const json = JSON.stringify({ type: 'backup_error', payload: { error_message: 'disk full' } });
    const embed = await delivered(await curl([...withKey, '-H', 'Content-Type: application/json', '-d', json, to()]));
    expect(embed.description).toContain('disk full');
    expect(embed.title).toBe('❌ Error en Backup');
  }, 30_000);

  it('answers one line where that is asked for', async () => {
    const answer = await curl([...withKey, '-H', 'Accept: text/plain', '-d', 'x', to()]);
    expect(answer).toMatchObject({ status: 202, contentType: expect.stringContaining('text/plain') as string });
    expect(answer.body).toMatch(/^(\d+) pending \/api\/v1\/notifications\/\1\n$/);
  });

  it('takes a repeated request for the first one, though a wait ends later each time', async () => {
    const args = [...withKey, '-H', 'Idempotency-Key: one', '-H', 'Delay: 1d', '-H', 'Expires: 2d', '-d', 'x', to()];
    const first = JSON.parse((await curl(args)).body) as { id: string };
    const again = await curl(args);
    expect(JSON.parse(again.body)).toMatchObject({ id: first.id });
    const other = await curl([...withKey, '-H', 'Idempotency-Key: one', '-H', 'Delay: 1d', '-d', 'y', to()]);
    expect(other.status).toBe(422);
    const { nextAttemptAt, expiresAt, createdAt } = (await view(first.id)) as Record<string, string>;
    expect(Math.round((Date.parse(nextAttemptAt!) - Date.parse(createdAt!)) / 60_000)).toBe(1_440);
    expect(Math.round((Date.parse(expiresAt!) - Date.parse(createdAt!)) / 60_000)).toBe(2_880);
  });

  it('lets a newer one of the same key take the place of one that waits', async () => {
    const args = [...withKey, '-H', 'Collapse-Key: nas', '-H', 'Delay: 1d'];
    const first = JSON.parse((await curl([...args, '-d', '1', to()])).body) as { id: string };
    const second = JSON.parse((await curl([...args, '-d', '2', to()])).body) as { id: string };
    expect(await view(first.id)).toMatchObject({ state: 'superseded', supersededBy: second.id, collapseKey: 'nas' });
  });

  it.each<[string, number, (string | Buffer)[], Buffer | undefined]>([
    ['nothing to tell', 400, ['-X', 'POST'], undefined],
    ['bytes that are no UTF-8', 400, ['--data-binary', '@-'], Buffer.from([0x66, 0xfc, 0x72])],
    ['a body that is too large', 413, ['--data-binary', '@-'], Buffer.alloc(2_001, 'x')],
    [
      'one that does not say how large it is',
      413,
      ['-H', 'Transfer-Encoding: chunked', '--data-binary', '@-'],
      Buffer.alloc(9_000, 'x'),
    ],
    ['a body that grows too large as JSON', 413, ['--data-binary', '@-'], Buffer.alloc(1_990, '\n"')],
    ['a compressed body', 415, ['-H', 'Content-Encoding: gzip', '-d', 'x'], undefined],
    ['an unknown priority', 400, ['-H', 'Priority: 9', '-d', 'x'], undefined],
    ['a delay that is none', 400, ['-H', 'Delay: soon', '-d', 'x'], undefined],
    ['an idempotency key that is none', 400, ['-H', 'Idempotency-Key: ü', '-d', 'x'], undefined],
    [
      'JSON nested too deep',
      400,
      ['-H', 'Content-Type: application/json', '--data-binary', '@-'],
      Buffer.from(`{"message":"x","payload":{"a":${'['.repeat(900)}${']'.repeat(900)}}}`),
    ],
  ])('refuses %s', async (name, status, args, input) => {
    const answer = await curl([...withKey, ...args, to()], input);
    expect(answer).toMatchObject({
      status,
      contentType: expect.stringContaining('application/problem+json') as string,
    });
    // Refused for its bytes, before anything is made of them.
    if (name.startsWith('a body that is too') || name.startsWith('one that')) {
      expect(answer.body).toContain('The body is larger than 2000 bytes.');
    }
  });

  it.each([
    ['ops', 401, []],
    ['ops', 403, ['-H', `Authorization: Bearer ${testKeys.consume}`]],
    ['nobody', 404, withKey],
    ['%00', 404, withKey],
    ['ops%2f..', 404, withKey],
  ])('refuses the route %s with %i', async (route, status, headers) => {
    const answer = await curl([...headers, '-d', 'x', to(route)]);
    expect(answer.status).toBe(status);
  });

  it('has nothing to get', async () => {
    expect((await curl([...withKey, `${to()}?message=x`])).status).toBe(404);
  });

  it('says in OpenAPI what it takes', async () => {
    const document = await request(server()).get('/openapi.json').expect(200);
    const { paths } = document.body as { paths: Record<string, Record<string, { parameters?: { name: string }[] }>> };
    const names = paths['/api/v1/notify/{route}']?.post?.parameters?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['route', 'Title', 'Priority', 'Tags', 'Delay', 'Idempotency-Key']));
    expect(paths['/api/v1/hooks/{route}/{kind}']?.post).toBeDefined();
  });
});
