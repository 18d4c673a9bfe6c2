import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app.config.js';
import { remoteSourcesConfig } from '../../../src/queue/sources/remote-sources.config.js';

const token = { DISCORD_TOKEN: 'a.b.c' };
const read = (QUEUE_SOURCES: string) => remoteSourcesConfig.parse({ QUEUE_SOURCES }).QUEUE_SOURCES;

function faultOf(environment: Record<string, string>): string {
  try {
    readConfig({ ...token, ...environment });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('no fault');
}

describe('QUEUE_SOURCES', () => {
  it('is none unless it is set, with half a minute between polls', () => {
    expect(readConfig({})).toMatchObject({ QUEUE_SOURCES: [], QUEUE_SOURCE_INTERVAL: 30 });
  });

  it('takes addresses with a name or without, with a key or without, below a path or not', () => {
    const [first, second, third] = read(
      ' home=https://bot:se%2Ccret%3A@queue.example.org/ , http://10.0.0.7:8080, https://only-user@x.example/secret/path/ ,',
    );
    expect(first).toEqual({
      name: 'home',
      identity: 'home',
      address: 'https://queue.example.org',
      authorization: `Basic ${Buffer.from('bot:se,cret:').toString('base64')}`,
      key: 'se,cret:',
    });
    expect(second).toEqual({
      name: '10.0.0.7:8080',
      identity: expect.stringMatching(/^#[0-9a-f]{16}$/) as string,
      address: 'http://10.0.0.7:8080',
    });
    expect(third).toMatchObject({ name: 'x.example', address: 'https://x.example/secret/path' });
    expect(third).not.toHaveProperty('key');
  });

  it('knows the events of a source again when its key changes, or when it has a name and moves', () => {
    const identity = (text: string): string => read(text)[0]!.identity;
    expect(identity('http://a:one@q.example/x')).toBe(identity('http://b:two@q.example/x/'));
    expect(identity('http://q.example/x')).not.toBe(identity('http://q.example/y'));
    expect(identity('home=http://q.example')).toBe(identity('home=https://other.example/z'));
    // No name can be taken for a fingerprint.
    expect(identity('http://q.example')).toMatch(/^#/);
  });

  it.each([
    ['bot:canary@queue.example.org', 'entry 1 is not an http:// or https:// address'],
    ['http://ok.example,ftp://canary@q.example', 'entry 2 is not an http:// or https:// address'],
    ['canary', 'entry 1 is not an http:// or https:// address'],
    ['http://bot:can,ary@queue.example.org', 'a comma in a password is written %2C'],
    ['http://q.example/?key=canary', 'must not hold a query or a fragment'],
    ['http://q.example/#canary', 'must not hold a query or a fragment'],
    ['http://bot:canary%zz@q.example', 'is not percent-encoded rightly'],
    [`${'x'.repeat(65)}=http://canary@q.example`, 'has a name of more than 64 characters'],
    ['one=http://a:canary@q.example/1,ONE=http://a:canary@q.example/2', 'two entries are called ONE'],
    ['http://q.example/1,http://q.example/canary', 'two entries are called q.example'],
    ['one=http://q.example/canary,two=http://q.example/canary/', 'or have its address'],
    [Array.from({ length: 21 }, (_, n) => `http://q${n}.example/canary`).join(), 'names more than 20 queues'],
  ])('is refused when it is wrong, without showing it: %s', (setting, sentence) => {
    const message = faultOf({ QUEUE_SOURCES: setting });
    expect(message).toContain('QUEUE_SOURCES: ');
    expect(message).toContain(sentence);
    expect(message).not.toMatch(/canary|can,|ary@/);
  });

  it.each(['0', '3601', '1.5', 'x'])('has no interval of %s seconds', (seconds) => {
    expect(faultOf({ QUEUE_SOURCE_INTERVAL: seconds })).toContain('QUEUE_SOURCE_INTERVAL: ');
  });

  it('needs a bot, whoever delivers what is published here', () => {
    const environment = { QUEUE_SOURCES: 'http://q.example' };
    expect(() => readConfig(environment)).toThrow(
      'QUEUE_SOURCES: what is taken from other queues is delivered by the bot',
    );
    expect(readConfig({ ...environment, ...token, QUEUE_DELIVERY: 'pull' }).QUEUE_SOURCES).toHaveLength(1);
  });
});
