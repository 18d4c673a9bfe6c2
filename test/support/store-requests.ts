import request from 'supertest';
import { type Member } from '../../src/domain/member.js';
import { type TestApp, testKeys } from './test-app.js';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A request to the store's part of REST, as an operator unless `key` says otherwise; with an empty one, as nobody. */
export function askStore({ app }: TestApp, method: Method, path: string, key = testKeys.admin): request.Test {
  const server = request(app.getHttpServer());
  const asking = server[method](`/api/v1/admin/guilds${path}`);
  return key === '' ? asking : asking.set('Authorization', `Bearer ${key}`);
}

/** Supertest's answers are of any type. */
export function bodyOf<T = object>({ body }: { body: unknown }): T {
  return body as T;
}

/** What is written of a member, where the id is in the path. */
export function fieldsOf({ id: _, ...fields }: Member): Omit<Member, 'id'> {
  return fields;
}
