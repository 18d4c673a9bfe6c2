import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDiscord, type FakeGuild, permissions } from '../../../src/testing/fake-discord/index.js';

let discord: FakeDiscord;
let guild: FakeGuild;
let general: string;
let ada: string;

beforeAll(async () => {
  discord = await FakeDiscord.start({ token: 'other-token', botUser: { username: 'Herald' } });
  guild = discord.addGuild({ name: 'Town', botPermissions: 0n });
  general = guild.addChannel({ name: 'general' }).id;
  ada = guild.addMember({ username: 'ada', status: 'online' }).id;
});

afterAll(() => discord.stop());

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: unknown, token = discord.token): Promise<Answer> {
  const response = await fetch(`${discord.apiUrl}/v10${path}`, {
    method,
    headers: { authorization: `Bot ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

async function dmWith(userId: string): Promise<string> {
  return (await call('POST', '/users/@me/channels', { recipient_id: userId })).body.id as string;
}

describe('who may ask', () => {
  it('a wrong token meets 401, and no token is ever kept', async () => {
    const refused = await call('GET', '/users/@me', undefined, 'wrong-token');
    expect(refused).toMatchObject({ status: 401, body: { message: '401: Unauthorized', code: 0 } });
    expect(JSON.stringify(discord.requests)).not.toMatch(/wrong-token|other-token/);
    expect(discord.requests.at(-1)).toMatchObject({ method: 'GET', path: '/users/@me', status: 401 });
  });

  it('the address of the gateway is for all, the rest of it for the bot', async () => {
    const url = discord.apiUrl.replace('http', 'ws').replace('/api', '/gateway');
    expect((await call('GET', '/gateway', undefined, 'wrong')).body).toEqual({ url });
    expect((await call('GET', '/gateway/bot', undefined, 'wrong')).status).toBe(401);
    const { body } = await call('GET', '/gateway/bot');
    expect(body).toMatchObject({ url, shards: 1, session_start_limit: { total: 1000, max_concurrency: 1 } });
  });

  it('unknown routes, methods, versions and ids are told apart', async () => {
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, body: { message: '404: Not Found', code: 0 } });
    expect((await call('DELETE', '/users/@me')).status).toBe(405);
    expect((await call('GET', '/guilds/abc')).body.code).toBe(50035);
    expect((await call('GET', '/guilds/999999')).body.code).toBe(10004);
    expect((await call('GET', '/channels/999999')).body.code).toBe(10003);
    expect((await call('GET', '/users/999999')).body.code).toBe(10013);
    expect((await fetch(`${discord.apiUrl}/v6/gateway`)).status).toBe(400);
    expect(await fetch(discord.apiUrl.replace('/api', '/'))).toMatchObject({ status: 404 });
  });
});

describe('what there is to read', () => {
  it('the bot, its application, guilds, roles and channels', async () => {
    expect((await call('GET', '/users/@me')).body).toMatchObject({ username: 'Herald', bot: true });
    expect((await call('GET', `/users/${ada}`)).body).toMatchObject({ username: 'ada', bot: false });
    for (const path of ['/applications/@me', '/oauth2/applications/@me'])
      expect((await call('GET', path)).body).toMatchObject({ id: discord.botUser.id, name: 'Herald' });
    const { body } = await call('GET', `/guilds/${guild.id}?with_counts=true`);
    expect(body).toMatchObject({ name: 'Town', approximate_member_count: 2, approximate_presence_count: 2 });
    expect((await call('GET', `/guilds/${guild.id}`)).body).not.toHaveProperty('approximate_member_count');
    expect((await call('GET', '/users/@me/guilds')).body).toMatchObject([{ id: guild.id, name: 'Town' }]);
    expect((await call('GET', `/guilds/${guild.id}/channels`)).body).toMatchObject([{ id: general, type: 0 }]);
    const roles = (await call('GET', `/guilds/${guild.id}/roles`)).body as unknown as { name: string; id: string }[];
    expect(roles).toMatchObject([
      { id: guild.id, name: '@everyone' },
      { name: 'Herald', managed: true },
    ]);
  });

  it('members by pages, in the order of their ids', async () => {
    const crowd = discord.addGuild({ name: 'Crowd' });
    for (let n = 0; n < 5; n += 1) crowd.addMember({ username: `m${n}` });
    const seen: string[] = [];
    for (let after = '0'; ;) {
      const page = (await call('GET', `/guilds/${crowd.id}/members?limit=2&after=${after}`)).body as unknown;
      const ids = (page as { user: { id: string } }[]).map(({ user }) => user.id);
      if (ids.length === 0) break;
      expect(ids.length).toBeLessThanOrEqual(2);
      seen.push(...ids);
      after = ids.at(-1)!;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen)).toEqual(new Set(crowd.members.keys()));
    expect((await call('GET', `/guilds/${crowd.id}/members?limit=1001`)).body.code).toBe(50035);
    expect((await call('GET', `/guilds/${crowd.id}/members/${ada}`)).body.code).toBe(10007);
  });

  it('member lists with the intent alone', async () => {
    const closed = await FakeDiscord.start({ intents: { members: false } });
    try {
      const { id } = closed.addGuild({ name: 'Closed' });
      const ask = (path: string): Promise<Response> =>
        fetch(`${closed.apiUrl}/v10/guilds/${id}${path}`, { headers: { authorization: `Bot ${closed.token}` } });
      const list = await ask('/members?limit=1000');
      expect(list.status).toBe(403);
      expect(await list.json()).toEqual({ message: 'Missing Access', code: 50001 });
      expect((await ask(`/members/${closed.botUser.id}`)).status).toBe(200);
      expect((await ask('/roles')).status).toBe(200);
    } finally {
      await closed.stop();
    }
  });

  it('registered commands', async () => {
    const path = `/applications/${discord.botUser.id}/commands`;
    expect((await call('PUT', path, [{ name: 'ping', description: 'answers' }])).status).toBe(200);
    expect((await call('GET', path)).body).toMatchObject([{ name: 'ping', type: 1 }]);
    expect(discord.commands()).toMatchObject([{ name: 'ping', application_id: discord.botUser.id }]);
    expect((await call('PUT', path, [{ name: '' }])).body.code).toBe(50035);
    expect((await call('PUT', `/applications/${ada}/commands`, [])).status).toBe(403);
  });
});

describe('messages', () => {
  const embedOf = (fields: object): object => ({ embeds: [{ title: 'x', ...fields }] });

  it.each([
    ['a long content', { content: 'x'.repeat(2001) }, 'content'],
    ['a long title', embedOf({ title: 'x'.repeat(257) }), 'title'],
    ['a long description', embedOf({ description: 'x'.repeat(4097) }), 'description'],
    ['too many fields', embedOf({ fields: Array.from({ length: 26 }, () => ({ name: 'a', value: 'b' })) }), 'fields'],
    ['a long field name', embedOf({ fields: [{ name: 'x'.repeat(257), value: 'b' }] }), 'name'],
    ['a long field value', embedOf({ fields: [{ name: 'a', value: 'x'.repeat(1025) }] }), 'value'],
    ['an empty field value', embedOf({ fields: [{ name: 'a', value: '' }] }), 'value'],
    ['a long footer', embedOf({ footer: { text: 'x'.repeat(2049) } }), 'text'],
    ['a long author', embedOf({ author: { name: 'x'.repeat(257) } }), 'name'],
    ['too many characters', { embeds: Array(2).fill({ description: 'x'.repeat(3001) }) }, 'MAX_EMBED_SIZE_EXCEEDED'],
    ['too many embeds', { embeds: Array(11).fill({ title: 'x' }) }, 'embeds'],
    ['a colour that is none', embedOf({ color: 0x1000000 }), 'color'],
    ['a time that is none', embedOf({ timestamp: 'soon' }), 'timestamp'],
    ['a long nonce', { content: 'x', nonce: 'n'.repeat(26) }, 'nonce'],
    ['a content that is no text', { content: 5 }, 'content'],
    ['mentions twice', { content: 'x', allowed_mentions: { parse: ['users'], users: ['1'] } }, 'allowed_mentions'],
  ])('%s is refused', async (_, body, word) => {
    const before = discord.sent.length;
    const { status, body: answer } = await call('POST', `/channels/${general}/messages`, body);
    expect({ status, code: answer.code }).toEqual({ status: 400, code: 50035 });
    expect(JSON.stringify(answer.errors)).toContain(word);
    expect(discord.sent).toHaveLength(before);
  });

  it('as much as is allowed goes through; nothing at all does not', async () => {
    const fields = Array.from({ length: 25 }, () => ({ name: 'a', value: 'b' }));
    const full = { content: 'x'.repeat(2000), embeds: [{ description: 'x'.repeat(4096), fields, color: 0xffffff }] };
    expect((await call('POST', `/channels/${general}/messages`, full)).status).toBe(200);
    expect(discord.sent.at(-1)).toMatchObject({ channelId: general, guildId: guild.id, content: full.content });
    for (const empty of [{}, { content: ' ' }, { embeds: [{}] }])
      expect((await call('POST', `/channels/${general}/messages`, empty)).body.code).toBe(50006);
  });

  it('permissions count: no access, no permission, nobody to write to', async () => {
    const deny = (bits: bigint): object => ({ overwrites: [{ id: guild.id, type: 0, deny: bits }] });
    const hidden = guild.addChannel({ name: 'hidden', ...deny(permissions.viewChannel) }).id;
    const mute = guild.addChannel({ name: 'mute', ...deny(permissions.sendMessages) }).id;
    expect((await call('POST', `/channels/${hidden}/messages`, { content: 'x' })).body.code).toBe(50001);
    expect((await call('POST', `/channels/${mute}/messages`, { content: 'x' })).body.code).toBe(50013);
    expect((await call('POST', '/users/@me/channels', { recipient_id: '999999' })).body.code).toBe(50033);
    guild.updateChannel(mute, {
      overwrites: [
        { id: guild.id, type: 0, deny: permissions.sendMessages },
        { id: discord.botUser.id, type: 1, allow: permissions.sendMessages },
      ],
    });
    expect((await call('POST', `/channels/${mute}/messages`, { content: 'x' })).status).toBe(200);
  });

  it('the bot edits and deletes its own messages only', async () => {
    const dm = await dmWith(ada);
    expect(await dmWith(ada)).toBe(dm);
    const { id } = (await call('POST', `/channels/${dm}/messages`, { content: 'one' })).body as { id: string };
    const path = `/channels/${dm}/messages/${id}`;
    const edited = (await call('PATCH', path, { content: 'two' })).body;
    expect(edited).toMatchObject({ id, content: 'two' });
    expect(edited.edited_timestamp).not.toBeNull();
    expect((await call('PATCH', path, { content: 'x'.repeat(2001) })).body.code).toBe(50035);
    expect((await call('GET', path)).body.content).toBe('two');
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).body.code).toBe(10008);
    const hers = guild.say({ channelId: general, authorId: ada, content: 'mine' });
    expect((await call('PATCH', `/channels/${general}/messages/${hers.id}`, { content: 'x' })).body.code).toBe(50005);
    expect((await call('DELETE', `/channels/${general}/messages/${hers.id}`)).body.code).toBe(50013);
  });

  it('waiting for one ends with it, or at its deadline', async () => {
    const waited = discord.waitForSent(({ content }) => content === 'awaited');
    await call('POST', `/channels/${general}/messages`, { content: 'awaited', allowed_mentions: { parse: [] } });
    expect(await waited).toMatchObject({ channelId: general, allowedMentions: { parse: [] } });
    await expect(discord.waitForSent(({ content }) => content === 'never', { timeout: 20 })).rejects.toThrow('20 ms');
  });
});

describe('faults of REST', () => {
  it('refuses as often as it was told, and does nothing then', async () => {
    const path = `/channels/${general}/messages`;
    const before = discord.sent.length;
    discord.refuseNext({ method: 'POST', path, status: 500, times: 2 });
    discord.refuseNext({ path: /messages$/, status: 403, body: { message: 'No', code: 50013 } });
    expect((await call('GET', `/channels/${general}`)).status).toBe(200);
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push((await call('POST', path, { content: 'x' })).status);
    expect(answers).toEqual([500, 500, 403, 200]);
    expect(discord.sent).toHaveLength(before + 1);
    discord.refuseNext({ path, status: 500 });
    discord.refuseNoMore();
    expect((await call('POST', path, { content: 'x' })).status).toBe(200);
  });

  it('a lost answer leaves the message sent', async () => {
    const path = `/channels/${general}/messages`;
    const before = discord.sent.length;
    discord.loseNextAnswer({ method: 'POST', path });
    await expect(call('POST', path, { content: 'lost', nonce: 'l' })).rejects.toThrow('fetch failed');
    expect(discord.sent).toHaveLength(before + 1);
    const again = await call('POST', path, { content: 'lost', nonce: 'l', enforce_nonce: true });
    expect(again.body.id).toBe(discord.sent.at(-1)!.messageId);
    expect(discord.sent).toHaveLength(before + 1);
  });

  it('counts buckets in its headers, and answers 429 when one is empty', async () => {
    const tight = await FakeDiscord.start({ rateLimit: { limit: 2, window: 60_000 } });
    try {
      const ask = (path: string): Promise<Response> =>
        fetch(`${tight.apiUrl}/v10${path}`, { headers: { authorization: `Bot ${tight.token}` } });
      expect((await ask('/users/@me')).headers.get('x-ratelimit-remaining')).toBe('1');
      expect((await ask('/users/@me')).headers.get('x-ratelimit-remaining')).toBe('0');
      const limited = await ask('/users/@me');
      expect(limited.status).toBe(429);
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(50);
      expect(await limited.json()).toMatchObject({ global: false });
      expect((await ask('/applications/@me')).status).toBe(200);
    } finally {
      await tight.stop();
    }
  });

  it('bad bodies meet a clear answer', async () => {
    const post = (type: string, body: string): Promise<Response> =>
      fetch(`${discord.apiUrl}/v10/channels/${general}/messages`, {
        method: 'POST',
        headers: { authorization: `Bot ${discord.token}`, 'content-type': type },
        body,
      });
    expect(await (await post('application/json', '{')).json()).toMatchObject({ code: 50109 });
    expect(await (await post('application/json', '[]')).json()).toMatchObject({ code: 50109 });
    expect((await post('multipart/form-data; boundary=x', '--x--')).status).toBe(415);
  });
});
