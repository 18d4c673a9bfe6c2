import { describe, expect, it } from 'vitest';
import { parsePointer, pointTo } from '../../../../src/providers/http/json-pointer.js';

/** The document of RFC 6901, section 5. */
const example = JSON.parse(
  String.raw`{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`,
) as unknown;

const at = (document: unknown, text: string) => pointTo(document, parsePointer(text)!);

describe('JSON pointers', () => {
  it.each([
    ['', example],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('find at %j what the standard says', (text, found) => {
    expect(at(example, text)).toEqual(found);
  });

  it('read ~01 as ~1, and not as a slash', () => {
    expect(at({ '~1': 'here', '/': 'there' }, '/~01')).toBe('here');
  });

  it.each(['foo', 'foo/bar', '#/foo', '/~', '/~2', '/a/~x'])('are not %j', (text) => {
    expect(parsePointer(text)).toBeUndefined();
  });

  it.each(['/foo/2', '/foo/-', '/foo/00', '/foo/01', '/foo/-1', '/foo/length', '/foo/0/x', '/none', '/none/deeper'])(
    'find nothing at %j',
    (text) => {
      expect(at(example, text)).toBeUndefined();
    },
  );

  it.each(['/constructor', '/__proto__', '/toString', '/foo/constructor', '/hasOwnProperty/name'])(
    'never leave what the document says: %j',
    (text) => {
      expect(at(example, text)).toBeUndefined();
    },
  );

  it('find own properties with the names of others', () => {
    expect(at(JSON.parse('{"__proto__":{"constructor":5}}'), '/__proto__/constructor')).toBe(5);
  });

  it.each([null, undefined, 5, 'text', true])('find nothing inside %j', (document) => {
    expect(at(document, '/length')).toBeUndefined();
    expect(at(document, '')).toBe(document);
  });
});
