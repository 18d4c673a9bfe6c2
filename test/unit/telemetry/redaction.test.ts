import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/telemetry/logger.js';
import { redact, redactText } from '../../../src/telemetry/redaction.js';

const secret = 'correct-horse-battery-staple';

function capture(): { lines: () => Record<string, unknown>[]; text: () => string; output: Writable } {
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return {
    output,
    text: () => text,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('redactText', () => {
  it.each([
    [`/socket?token=${secret}&v=10`, '/socket?token=[Redacted]&v=10'],
    [`https://host/a?x=1&password=${secret}#part`, 'https://host/a?x=1&password=[Redacted]#part'],
    [`/a?api_key=${secret}`, '/a?api_key=[Redacted]'],
    [`/a?key=${secret}&auth=${secret}`, '/a?key=[Redacted]&auth=[Redacted]'],
    [`/a?access_token=${secret}`, '/a?access_token=[Redacted]'],
    [`postgresql://me:${secret}@db:5432/x`, 'postgresql://[Redacted]@db:5432/x'],
    [`redis://:${secret}@cache`, 'redis://[Redacted]@cache'],
    [`sent Authorization: Bearer ${secret}`, 'sent Authorization: Bearer [Redacted]'],
    [`Bot ${secret}`, 'Bot [Redacted]'],
    ['PUT /api/v1/admin/guilds/1/hidden/277000000000000777 204', 'PUT /api/v1/admin/guilds/1/hidden/[Redacted] 204'],
    ['/api/v1/admin/hidden/277000000000000777?x=1', '/api/v1/admin/hidden/[Redacted]?x=1'],
    [
      `https://discord.com/api/v10/webhooks/123/${secret}?wait=true`,
      'https://discord.com/api/v10/webhooks/123/[Redacted]?wait=true',
    ],
    ['/webhooks/123/messages', '/webhooks/123/messages'],
    ['/guilds?limit=10&keys=2', '/guilds?limit=10&keys=2'],
    ['someone@example.org says a = b', 'someone@example.org says a = b'],
    ['Bearer of news', 'Bearer of news'],
  ])('makes %j safe', (text, safe) => {
    expect(redactText(text)).toBe(safe);
  });
});

describe('redact', () => {
  it('censors secret fields at every depth, whatever their spelling', () => {
    const safe = redact({
      discordToken: secret,
      DISCORD_TOKEN: secret,
      headers: { Authorization: secret, Cookie: secret, 'Set-Cookie': [secret], 'x-api-key': secret, accept: '*/*' },
      a: [{ b: { c: { password: secret, secret, name: 'kept' } } }],
      url: `/x?token=${secret}`,
      token: null,
    });
    expect(JSON.stringify(safe)).not.toContain(secret);
    expect(safe).toMatchObject({
      headers: { accept: '*/*' },
      a: [{ b: { c: { name: 'kept' } } }],
      url: '/x?token=[Redacted]',
      token: null,
    });
  });

  it('makes errors plain, with their cause, and without what they carry along', () => {
    const error = Object.assign(new Error(`cannot reach https://me:${secret}@host`, { cause: new Error('refused') }), {
      config: { password: secret },
      code: 'ECONNREFUSED',
    });
    const safe = redact({ nested: { error } });
    expect(JSON.stringify(safe)).not.toContain(secret);
    expect(safe).toMatchObject({ nested: { error: { type: 'Error', code: 'ECONNREFUSED' } } });
    expect(JSON.stringify(safe)).toContain('refused');
  });

  it('survives circles, depth and odd values', () => {
    const circle: Record<string, unknown> = {
      when: new Date(0),
      bytes: Buffer.from(secret),
      map: new Map([['token', secret]]),
    };
    circle['self'] = circle;
    let deep: unknown = { token: secret };
    for (let level = 0; level < 50; level += 1) deep = { deep };
    expect(redact({ circle, deep, none: undefined, big: 1n })).toMatchObject({
      circle: { self: '[Circular]', when: '1970-01-01T00:00:00.000Z', map: { token: '[Redacted]' } },
      big: 1n,
    });
    expect(JSON.stringify(redact({ deep }))).not.toContain(secret);
  });
});

describe('createLogger', () => {
  it('redacts messages, fields, errors, parameters and bound fields', () => {
    const { lines, text, output } = capture();
    const logger = createLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' }, output);
    logger.info({ guildId: '1', token: secret }, `GET /x?key=${secret}`);
    logger.info('with %o and %s', { password: secret }, `postgres://me:${secret}@host`);
    logger.error(Object.assign(new Error('broken'), { token: secret }));
    logger.child({ token: secret, settings: { password: secret } }).info('bound');
    logger.debug('below the level');
    expect(text()).not.toContain(secret);
    expect(lines()).toHaveLength(4);
    expect(lines()[0]).toMatchObject({ guildId: '1', token: '[Redacted]', msg: 'GET /x?key=[Redacted]' });
    expect(lines()[2]).toMatchObject({ msg: 'broken', err: { type: 'Error', message: 'broken' } });
    expect(String((lines()[2]?.['err'] as { stack: string }).stack)).toContain('redaction.test');
  });

  it('writes for people when asked to', () => {
    const { text, output } = capture();
    createLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'pretty' }, output).info(
      { context: 'Door', password: secret },
      'open',
    );
    expect(text()).toContain('[Door] open');
    expect(text()).not.toContain(secret);
    expect(text()).not.toContain('"msg"');
  });
});
