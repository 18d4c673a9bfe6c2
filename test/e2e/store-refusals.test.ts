import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member } from '../../src/domain/member.js';
import { memberOf } from '../support/events.js';
import { askStore, bodyOf, fieldsOf, type Method } from '../support/store-requests.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const ada = memberOf('100000000000000001', { joinedAt: '2026-01-01T00:00:00.000Z', roleIds: ['300000000000000001'] });
const bob = memberOf('100000000000000002', { status: 'offline' });

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ DATA_PROVIDERS: 'store' });
});
afterAll(() => app.close());

const ask = (method: Method, path: string, key?: string) => askStore(app, method, path, key);

async function membersOf(id: string): Promise<Member[]> {
  const answer = await request(app.app.getHttpServer()).get(`/api/v1/guilds/${id}`).expect(200);
  return bodyOf<{ members: Member[] }>(answer).members;
}

describe('what is not right', () => {
  const id = '919999999999999999';
  const path = `/${id}`;
  beforeAll(async () => {
    await ask('put', path).send({ name: 'Bad day' }).expect(201);
    await ask('post', `${path}/members`).send(ada).expect(201);
  });

  it.each<[string, Method, string, object, string]>([
    ['a guild without a name', 'post', '', { id }, 'name'],
    ['a guild without an id', 'post', '', { name: 'x' }, 'id'],
    ['an id that is a number', 'post', '', { id: 910000000001, name: 'x' }, 'id'],
    ['an empty name', 'put', path, { name: '  ' }, 'name'],
    ['a long name', 'put', path, { name: 'x'.repeat(101) }, 'name'],
    ['a name with a NUL', 'put', path, { name: 'a\0b' }, 'name'],
    ['half a letter', 'patch', path, { name: 'a\ud800' }, 'name'],
    ['an icon that is no address', 'put', path, { name: 'x', iconUrl: 'javascript:alert(1)' }, 'iconUrl'],
    ['an address with a NUL', 'put', path, { name: 'x', iconUrl: 'https://x.example/\0' }, 'iconUrl'],
    ['an alias like an id', 'put', path, { name: 'x', alias: '12345678' }, 'alias'],
    ['the reserved alias', 'put', path, { name: 'x', alias: 'default' }, 'alias'],
    ['an unknown door', 'patch', path, { door: 'window' }, 'door'],
    ['an unknown field', 'patch', path, { colour: 'red' }, ''],
    ['a wrong id in the path', 'put', '/nobody', { name: 'x' }, 'guild'],
    ['a wrong id of a member in the path', 'put', `${path}/members/0`, { username: 'x' }, 'member'],
    ['a member without a name', 'put', `${path}/members/12345`, {}, 'username'],
    ['an unknown status', 'patch', `${path}/members/${ada.id}`, { status: 'away' }, 'status'],
    ['no colour', 'patch', `${path}/members/${ada.id}`, { roleColor: 'red' }, 'roleColor'],
    ['a role that is no id', 'patch', `${path}/members/${ada.id}`, { roleIds: ['12345', 'x'] }, 'roleIds.1'],
    ['too many roles', 'patch', `${path}/members/${ada.id}`, { roleIds: Array(251).fill('12345') }, 'roleIds'],
    ['a date of no year', 'patch', `${path}/members/${ada.id}`, { joinedAt: '0000-01-01T00:00:00Z' }, 'joinedAt'],
    ['no date', 'patch', `${path}/members/${ada.id}`, { joinedAt: 'yesterday' }, 'joinedAt'],
    [
      'an unknown activity',
      'patch',
      `${path}/members/${ada.id}`,
      { activities: [{ type: 'x', name: 'x' }] },
      'activities.0.type',
    ],
    [
      'an activity with a NUL',
      'patch',
      `${path}/members/${ada.id}`,
      { activities: [{ type: 'playing', name: '\0' }] },
      'activities.0.name',
    ],
    ['an id in a patch', 'patch', `${path}/members/${ada.id}`, { id: '12345' }, ''],
    ['a list that is none', 'put', `${path}/members`, { members: {} }, 'members'],
    ['one bad member of many', 'put', `${path}/members`, { members: [ada, { ...bob, bot: 'yes' }] }, 'members.1.bot'],
    ['the same member twice', 'put', `${path}/members`, { members: [ada, bob, ada] }, 'members.2.id'],
    ['too many members', 'put', `${path}/members`, { members: Array(1_001).fill(ada) }, 'members'],
    ['a wrong cursor', 'get', '?cursor=x', {}, 'cursor'],
    ['a wrong limit', 'get', `${path}/members?limit=0`, {}, 'limit'],
  ])('is refused with its place: %s', async (_what, method, where, body, place) => {
    const asking = ask(method, where);
    const answer = await (method === 'get' ? asking : asking.send(body)).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const { code, errors } = bodyOf<{ code: string; errors: { path: string }[] }>(answer);
    expect(code).toBe('request.invalid');
    expect(errors.map((error) => error.path)).toContain(place);
  });

  it('changes nothing and tells nobody', async () => {
    expect(await membersOf(id)).toEqual([ada]);
    expect(bodyOf(await ask('get', path).expect(200))).toMatchObject({ name: 'Bad day', memberCount: 1 });
  });

  it('is what exists already, or does not', async () => {
    const codeOf = async (asking: request.Test, status: number) =>
      bodyOf<{ code: string }>(await asking.expect(status)).code;
    const nowhere = '918888888888888888';
    expect(await codeOf(ask('post', '').send({ id, name: 'x' }), 409)).toBe('request.conflict');
    expect(await codeOf(ask('post', `${path}/members`).send(ada), 409)).toBe('request.conflict');
    expect(await codeOf(ask('patch', `/${nowhere}`).send({ name: 'x' }), 404)).toBe('guild.not_found');
    expect(await codeOf(ask('delete', `/${nowhere}`), 404)).toBe('guild.not_found');
    expect(await codeOf(ask('get', `/${nowhere}/members`), 404)).toBe('guild.not_found');
    expect(await codeOf(ask('post', `/${nowhere}/members`).send(ada), 404)).toBe('guild.not_found');
    expect(await codeOf(ask('put', `/${nowhere}/members`).send({ members: [ada] }), 404)).toBe('guild.not_found');
    expect(await codeOf(ask('put', `/${nowhere}/members/${ada.id}`).send(fieldsOf(ada)), 404)).toBe('guild.not_found');
    expect(await codeOf(ask('get', `${path}/members/${bob.id}`), 404)).toBe('member.not_found');
    expect(await codeOf(ask('patch', `${path}/members/${bob.id}`).send({ bot: true }), 404)).toBe('member.not_found');
    expect(await codeOf(ask('delete', `${path}/members/${bob.id}`), 404)).toBe('member.not_found');
  });

  it('is a caller without the key of an operator', async () => {
    const doors: [Method, string][] = [
      ['post', ''],
      ['get', ''],
      ['put', path],
      ['patch', path],
      ['delete', path],
      ['get', path],
      ['post', `${path}/members`],
      ['put', `${path}/members`],
      ['get', `${path}/members`],
      ['put', `${path}/members/${ada.id}`],
      ['patch', `${path}/members/${ada.id}`],
      ['delete', `${path}/members/${ada.id}`],
      ['get', `${path}/members/${ada.id}`],
    ];
    for (const [method, where] of doors) {
      await ask(method, where, testKeys.publish).expect(403);
      await ask(method, where, '').expect(401);
    }
    expect(await membersOf(id)).toEqual([ada]);
  });
});
