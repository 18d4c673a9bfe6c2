import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.js';
import { headerText } from '../../../src/rest/header-text.js';
import { publishRequestOf, readNotify } from '../../../src/rest/notify.dto.js';

const now = new Date('2026-06-01T12:00:00.000Z');

/** As Node gives the bytes that curl sends. */
function sent(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function read(body: string | Buffer, headers: Record<string, string> = {}) {
  return readNotify(Buffer.from(body as string), headers);
}

function publish(body: string | Buffer, headers: Record<string, string> = {}) {
  return publishRequestOf('ops', read(body, headers), () => Promise.resolve(now));
}

async function faultOf(body: string | Buffer, headers: Record<string, string> = {}): Promise<Fault> {
  const fault: unknown = await (async () => publish(body, headers))().catch((error: unknown) => error);
  if (!(fault instanceof Fault)) throw new Error(`no fault, but ${JSON.stringify(fault)}`);
  return fault;
}

describe('what people write into headers', () => {
  it('is UTF-8 as curl sends it, or latin1 as others do', () => {
    expect(headerText(sent('Größe ✅'))).toBe('Größe ✅');
    expect(headerText('Gr\u00f6\u00dfe')).toBe('Größe');
    expect(headerText('plain')).toBe('plain');
  });

  it.each([
    ['=?utf-8?b?R3LDtsOfZQ==?=', 'Größe'],
    ['=?UTF-8?Q?Gr=C3=B6=C3=9Fe_x?=', 'Größe x'],
    ['=?iso-8859-1?q?Gr=F6=DFe?=', 'Größe'],
    ['a =?utf-8?q?=C3=B6?= b', 'a ö b'],
    ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'],
    ['=?utf-8*de?q?=C3=B6?=', 'ö'],
    ['=?utf-8?q?=C3?=', '=?utf-8?q?=C3?='],
    ['=?no-such?q?a?=', '=?no-such?q?a?='],
    ['=?utf-8?q?a', '=?utf-8?q?a'],
  ])('is read of %s', (header, text) => {
    expect(headerText(header)).toBe(text);
  });

  it('is one line without control characters', () => {
    expect(headerText('=?utf-8?q?a=0D=0Ab=00c?=')).toBe('a b c');
  });
});

describe('a text to be published', () => {
  it('goes by what its body says of the time, whatever the headers do', async () => {
    const json = { 'content-type': 'application/json' };
    const at = '2026-07-01T00:00:00Z';
    const byBody = await publish(JSON.stringify({ message: 'x', notBefore: at }), { ...json, delay: '30m' });
    expect(byBody.notBefore).toBe(new Date(at).toISOString());
    const waits = await publish(JSON.stringify({ message: 'x', delay: '1h' }), { ...json, 'x-not-before': at });
    expect(waits.notBefore).toBe('2026-06-01T13:00:00.000Z');
    const both = await faultOf(JSON.stringify({ message: 'x', delay: '1h', notBefore: at }), json);
    expect(both.message).toMatch(/^delay: /);
  });

  it.each(['constructor', '__proto__', 'toString'])('has no priority named %s', async (priority) => {
    expect((await faultOf('x', { priority })).message).toMatch(/^priority: must be low, normal/);
  });

  it('is the body as it is, whatever its content type', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'image/png', '']) {
      await expect(publish('Backup failed & more=1%20\n', { 'content-type': type })).resolves.toEqual({
        route: 'ops',
        type: 'note',
        payload: { message: 'Backup failed & more=1%20' },
      });
    }
  });

  it('takes its options from headers, with or without X-', async () => {
    const headers = {
      title: sent('Größe'),
      'x-priority': 'urgent',
      tags: 'disk, nas,,',
      type: 'backup_error',
      'collapse-key': 'nas',
      'x-group-key': 'nas',
      delay: '30m',
      expires: '2 hours',
    };
    await expect(publish('x', headers)).resolves.toEqual({
      route: 'ops',
      type: 'backup_error',
      payload: { title: 'Größe', message: 'x', tags: ['disk', 'nas'], priority: 'critical' },
      priority: 'critical',
      collapseKey: 'nas',
      groupKey: 'nas',
      notBefore: '2026-06-01T12:30:00.000Z',
      expiresAt: '2026-06-01T14:00:00.000Z',
    });
  });

  it.each([
    ['1', 'low'],
    ['2', 'low'],
    ['3', 'normal'],
    ['4', 'high'],
    ['5', 'critical'],
    ['max', 'critical'],
    ['High', 'high'],
    ['default', 'normal'],
    ['min', 'low'],
  ])('takes the priority %s for %s', (given, priority) => {
    expect(read('x', { priority: given }).priority).toBe(priority);
  });

  it('does not take the priority of an answer (RFC 9218) for one of a notification', () => {
    expect(read('x', { priority: 'u=3, i' }).priority).toBeUndefined();
    expect(read('x', { priority: 'i' }).priority).toBeUndefined();
  });

  it.each([
    ['30s', 30],
    ['30m', 1_800],
    ['90 min', 5_400],
    ['3h', 10_800],
    ['2 days', 172_800],
    ['1d', 86_400],
  ])('waits %s', async (delay, seconds) => {
    const wait = new Date(now.getTime() + seconds * 1000).toISOString();
    expect(await publish('x', { delay })).toMatchObject({ notBefore: wait });
    expect(await publish('x', { 'not-before': delay })).toMatchObject({ notBefore: wait });
  });

  it('reads JSON, whose fields come before the headers', async () => {
    const json = { 'content-type': 'application/json; charset=utf-8', title: 'of the header', priority: '1' };
    const body = { title: 'T', message: 'M', priority: 5, tags: ['a'], payload: { more: [1] } };
    await expect(publish(JSON.stringify(body), json)).resolves.toEqual({
      route: 'ops',
      type: 'note',
      payload: { more: [1], title: 'T', message: 'M', tags: ['a'], priority: 'critical' },
      priority: 'critical',
    });
    await expect(publish('{"payload":{}}', { 'content-type': 'application/cloudevents+json' })).resolves.toMatchObject({
      type: 'note',
    });
  });

  it('needs a message or a title', async () => {
    expect((await faultOf('')).message).toMatch(/nothing to tell/);
    expect((await faultOf(' \n')).message).toMatch(/nothing to tell/);
    expect((await faultOf('{}', { 'content-type': 'application/json' })).message).toMatch(/nothing to tell/);
    await expect(publish('', { title: 'only this' })).resolves.toMatchObject({ payload: { title: 'only this' } });
  });

  it.each<[string, string | Buffer, Record<string, string>, RegExp]>([
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff]), {}, /not UTF-8/],
    ['half a JSON', '{"title":', { 'content-type': 'application/json' }, /not JSON/],
    ['JSON that is no object', '[]', { 'content-type': 'application/json' }, /^body: /],
    ['a field that nobody knows', '{"titel":"x"}', { 'content-type': 'application/json' }, /titel/],
    ['a title that is a number', '{"title":1}', { 'content-type': 'application/json' }, /^title: /],
    ['an unknown priority', 'x', { priority: '6' }, /^priority: must be low/],
    ['a delay that is none', 'x', { delay: 'tomorrow' }, /^delay: must be a time/],
    ['a time without a zone', 'x', { 'not-before': '2026-01-31T18:00:00' }, /^notBefore: must be a time/],
    ['both', 'x', { delay: '1m', 'not-before': '1m' }, /^delay: cannot/],
    ['an end before the start', 'x', { delay: '2h', expires: '1h' }, /^expiresAt: /],
    ['a type with spaces', 'x', { type: 'a b' }, /^type: /],
    ['too many tags', 'x', { tags: 'a,'.repeat(30) }, /^tags: /],
    ['a long collapse key', 'x', { 'collapse-key': 'a'.repeat(200) }, /^collapseKey: /],
  ])('refuses %s', async (_name, body, headers, message) => {
    const fault = await faultOf(body, headers);
    expect(fault.code).toBe('request.invalid');
    expect(fault.message).toMatch(message);
  });
});
