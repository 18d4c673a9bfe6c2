import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appShape, readConfig } from '../../src/app.config.js';
import { StartupError } from '../../src/database/startup-error.js';

const example = readFileSync(path.join(import.meta.dirname, '../../.env.example'), 'utf8');
const documented = Object.fromEntries(
  example
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

describe('.env.example', () => {
  it('names every setting there is, and no other', () => {
    expect(Object.keys(documented).sort()).toEqual(Object.keys(appShape.shape).sort());
  });

  it('says the true defaults', () => {
    expect(readConfig(documented)).toEqual(readConfig({}));
  });

  it('explains each setting on the line above it, or with its neighbour', () => {
    const lines = example.split('\n');
    const bare = lines.filter((line, n) => /^[A-Z]/.test(line) && !/^(#|[A-Z])/.test(lines[n - 1] ?? ''));
    expect(bare).toEqual([]);
  });
});

function faultOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    return (error as Error).message;
  }
  throw new Error('no fault');
}

describe('settings', () => {
  it('have working defaults, demo guilds first', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, DATA_DIR: './data', providers: { names: ['mock'] } });
  });

  it('take the Discord gateway as source when there is a token, under either name', () => {
    expect(readConfig({ DISCORD_TOKEN: 'a.b.c' }).providers.names).toEqual(['discord-gateway']);
    expect(readConfig({ DISCORD_BOT_TOKEN: 'a.b.c' }).providers.names).toEqual(['discord-gateway']);
    expect(readConfig({ DISCORD_TOKEN: 'a.b.c', DATA_PROVIDERS: 'mock' }).providers.names).toEqual(['mock']);
    expect(readConfig({ NODE_ENV: 'production', DEMO_DATA: 'on' }).providers.names).toEqual(['mock']);
    expect(readConfig({ NODE_ENV: 'production', DISCORD_TOKEN: 'a.b.c' }).providers.names).toEqual(['discord-gateway']);
  });

  it('tell all faults at once, each with its key', () => {
    const message = faultOf({ PORT: 'eighty', DATABASE_URL: 'mysql://x', DATA_PROVIDERS: 'mock,carrier-pigeon' });
    expect(message).toContain('PORT:');
    expect(message).toContain('DATABASE_URL:');
    expect(message).toContain('DATA_PROVIDERS: there is no "carrier-pigeon"; choose from mock, discord-gateway');
  });

  it('name both keys of a contradiction', () => {
    expect(faultOf({ DATA_PROVIDERS: 'discord-gateway' })).toMatch(/DATA_PROVIDERS: .*DISCORD_TOKEN/);
    expect(faultOf({ DATA_PROVIDERS: 'discord-rest' })).toMatch(/DATA_PROVIDERS: discord-rest .*DISCORD_TOKEN/);
    const rest = readConfig({ DATA_PROVIDERS: 'discord-rest', DISCORD_BOT_TOKEN: 'a.b.c' });
    expect(rest.providers.names).toEqual(['discord-rest']);
    expect(faultOf({ NODE_ENV: 'production' })).toMatch(/DATA_PROVIDERS: mock shows made-up guilds.*DEMO_DATA=on/);
    expect(faultOf({ METRICS_PORT: '4000', PORT: '4000' })).toMatch(/METRICS_PORT: .*PORT/);
  });

  it('never say a secret', () => {
    const message = faultOf({
      API_KEYS: 'owner=very-secret-key-000',
      DATABASE_URL: 'nope://u:hidden-word@h/d',
      PORT: '-1',
    });
    expect(message).not.toContain('very-secret-key-000');
    expect(message).not.toContain('hidden-word');
  });

  it.each([
    [{ DATA_PROVIDERS: 'mock,mock' }, /twice/],
    [{ DATA_PROVIDERS: ' , ' }, /at least one/],
    [{ PORT: '70000' }, /PORT/],
    [{ GUILDS: '*,5' }, /GUILDS/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL/],
    [{ QUEUE_RETRY_SCHEDULE: '5,soon' }, /QUEUE_RETRY_SCHEDULE/],
    [{ REDIS_URL: 'http://x' }, /REDIS_URL/],
  ])('refuse %j', (environment, expected) => {
    expect(faultOf(environment)).toMatch(expected);
  });
});
