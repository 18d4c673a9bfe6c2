import { describe, expect, it } from 'vitest';
import { guildsIn } from '../../../../src/providers/file/guilds-in.js';
import { parseDocument } from '../../../../src/providers/file/parse-document.js';

const yaml = (text: string) => parseDocument(Buffer.from(text), 'yaml');
const json = (text: string) => parseDocument(Buffer.from(text), 'json');
const id = '300000000000000001';

describe('documents', () => {
  it('keep every digit of an id, and names that look like something else', () => {
    const read = yaml(
      'id: 300000000000000001\nname: 2024\nbot: true\nnick: ~\ncolour: 0x10\n300000000000000002: on\nwhen: 2024-05-01',
    );
    expect(read).toEqual({
      id,
      name: '2024',
      bot: true,
      nick: null,
      colour: '0x10',
      ['300000000000000002']: 'on',
      when: '2024-05-01',
    });
  });

  it('may begin with a byte order mark', () => {
    expect(json('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(yaml('\ufeffa: b')).toEqual({ a: 'b' });
  });

  it('leave prototypes alone', () => {
    for (const read of [json('{"__proto__":{"admin":true}}'), yaml('__proto__: {admin: true}')]) {
      expect(Object.keys(read as object)).toEqual(['__proto__']);
      expect((read as { admin?: boolean }).admin).toBeUndefined();
    }
  });

  it.each([
    ['', /it is empty/],
    [' \n\t', /it is empty/],
    ['{"guilds": [\n  {"id": "1"},\n  {"id"', /^line 3: it ends in the middle$/],
    ['{\n"a": 1,\n}', /^line 3: JSON has no place for "}"$/],
    ['{\r\n  "a": nope\r\n}', /^line 2: JSON has no place for "n"$/],
    ['{"a": "x\ny"}', /^line 1: JSON has no place for "\\n"$/],
  ])('as JSON not %j', (text, expected) => {
    expect(() => json(text)).toThrow(expected);
  });

  it.each([
    ['', /it is empty/],
    ['# nothing\n', /input is empty/],
    ['guilds:\n  - id: 1\n    name: "half', /^line 3: unexpected end of the stream/],
    ['a: 1\nb: 2\n a: 3', /^line 3: /],
    ['a: 1\nb: 2\na: 3', /^line 3: duplicated mapping key/],
    ['a: &x [1]\nb: *x', /^line 2: references \(\*name\) are not taken/],
    ['a: !!js/function "x"', /^line 1: unknown scalar tag/],
    ['---\na: 1\n---\nb: 2', /single document/],
    ['['.repeat(10_000), /^line 1: nesting exceeded/],
  ])('as YAML not %j', (text, expected) => {
    expect(() => yaml(text)).toThrow(expected);
  });

  it('are UTF-8', () => {
    expect(() => parseDocument(Buffer.from([0x61, 0xff]), 'yaml')).toThrow('it is not UTF-8');
    expect(() => parseDocument(Buffer.from('{"a":"é"}', 'utf16le'), 'json')).toThrow(/JSON has no place|not UTF-8/);
  });
});

describe('guilds in a document', () => {
  const members = [{ id: '310000000000000001', username: 'ada', status: 'online' }];
  const guild = { id, name: 'Town', members };

  it.each([
    ['guilds in a list', { guilds: [guild] }],
    ['guilds by their ids', { guilds: { [id]: { name: 'Town', members } } }],
    ['a list', [guild]],
    ['one guild', guild],
    ['ids alone', { [id]: { name: 'Town', members } }],
  ])('may be %s', (_name, document) => {
    expect([...guildsIn(document)]).toEqual([
      [id, { guild: { id, name: 'Town', iconUrl: null }, members, partial: [] }],
    ]);
  });

  it('may have nobody in them, be switched off, or not be there at all', () => {
    expect(guildsIn({ id, name: 'Town' }).get(id)?.members).toEqual([]);
    expect(guildsIn({ id, name: 'Town', members: null }).get(id)?.members).toEqual([]);
    expect(guildsIn({ guilds: [{ ...guild, enabled: false }] }).size).toBe(0);
    expect(guildsIn({ guilds: [] }).size).toBe(0);
    expect(guildsIn({ guilds: null }).size).toBe(0);
  });

  it.each([
    ['text', /no guilds in it/],
    [null, /no guilds in it/],
    [{ guilds: 'all' }, /no guilds in it/],
    [{ guilds: [guild, 'Hall'] }, /^guild 2 is not an object/],
    [{ guilds: [{ name: 'Town' }] }, /^guild 1 has no usable id/],
    [{ guilds: { town: { name: 'Town' } } }, /^guild town has no usable id/],
    [{ guilds: [guild, guild] }, /told twice/],
    [{ guilds: [{ ...guild, members: 'all' }] }, /members of guild 300000000000000001 are no list/],
  ])('are not %j', (document, expected) => {
    expect(() => guildsIn(document)).toThrow(expected);
  });
});
