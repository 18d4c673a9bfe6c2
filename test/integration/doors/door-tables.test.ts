import { DataSource } from 'typeorm';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { DOORS_CONFIG, doorsConfig } from '../../../src/doors/doors.config.js';
import { GuildPasswords } from '../../../src/doors/guild-passwords.js';
import { VisitorSessions } from '../../../src/doors/visitor-sessions.js';
import { GuildDoors } from '../../../src/guilds/guild-doors.js';
import { GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { GuildsModule } from '../../../src/guilds/guilds.module.js';
import { createTestDatabase } from '../../support/test-database.js';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let module: TestingModule;
let sessions: VisitorSessions;
let passwords: GuildPasswords;
let revoked: string[];
const ada = '90071992547409919';
const guild = '90071992547409921';

async function open(): Promise<TestingModule> {
  return Test.createTestingModule({
    imports: [DatabaseModule.forRoot({ url: database.url, poolSize: 4 }), GuildsModule],
    providers: [
      { provide: DOORS_CONFIG, useValue: doorsConfig.parse({ SESSION_HOURS: '1' }) },
      VisitorSessions,
      GuildPasswords,
    ],
  }).compile();
}

beforeAll(async () => {
  database = await createTestDatabase();
  module = await open();
  await module.init();
  sessions = module.get(VisitorSessions);
  passwords = module.get(GuildPasswords);
});
afterAll(async () => {
  await module.close();
  await database.drop();
});

let stop: () => void;
beforeEach(() => {
  revoked = [];
  stop = module.get(GuildDoors).whenRevoked((key) => revoked.push(key));
});
afterEach(async () => {
  stop();
  await module.get(DataSource).query('delete from visitor_sessions');
});

describe('VisitorSessions', () => {
  it('finds a session by its id until it ends', async () => {
    const id = await sessions.begin(ada);
    const found = await sessions.find(id);
    expect(found).toMatchObject({ userId: ada });
    expect(found!.expiresAt - Date.now()).toBeGreaterThan(3_500_000);
    expect(found!.expiresAt - Date.now()).toBeLessThanOrEqual(3_700_000);
    expect(found!.key).not.toContain(id);
    expect(await sessions.find(`${id}x`)).toBeUndefined();
    await sessions.end(id);
    expect(await sessions.find(id)).toBeUndefined();
    expect(revoked).toEqual([found!.key]);
  });

  it('does not find one that is over, and clears such away with the next', async () => {
    const id = await sessions.begin(ada);
    const data = module.get(DataSource);
    await data.query(`update visitor_sessions set expires_at = now() - interval '1 second'`);
    expect(await sessions.find(id)).toBeUndefined();
    await sessions.begin('90071992547409920');
    expect(await data.query('select user_id from visitor_sessions')).toEqual([{ user_id: '90071992547409920' }]);
  });

  it('keeps 20 of one person, also when they come at once, and takes the passes of the oldest back', async () => {
    const first = await sessions.begin(ada);
    const key = (await sessions.find(first))!.key;
    const others = await Promise.all(Array.from({ length: 20 }, () => sessions.begin(ada)));
    expect(await sessions.find(first)).toBeUndefined();
    expect(revoked).toEqual([key]);
    for (const id of others) expect(await sessions.find(id)).toBeDefined();
  });
});

describe('GuildPasswords', () => {
  it('knows a password after a restart, and leaves the other settings of the guild alone', async () => {
    const settings = module.get(GuildSettingsStore);
    await settings.save(guild, { alias: 'town', door: 'password' });
    await passwords.set(guild, 'open sesame');
    const next = await open();
    await next.init();
    expect(await next.get(GuildPasswords).match(guild, 'open sesame')).toMatch(/^\$argon2id\$/);
    expect(await next.get(GuildPasswords).match(guild, 'other words')).toBeUndefined();
    await next.close();
    await settings.save(guild, { isDefault: true });
    expect(await settings.get(guild)).toMatchObject({
      alias: 'town',
      door: 'password',
      isDefault: true,
      enabled: true,
    });
    expect(await passwords.match(guild, 'open sesame')).toBeDefined();
  });

  it('looks at no word that is longer than a password may be', async () => {
    await passwords.set(guild, 'x'.repeat(256));
    expect(await passwords.match(guild, 'x'.repeat(256))).toBeDefined();
    await passwords.set(guild, 'x'.repeat(257));
    expect(await passwords.match(guild, 'x'.repeat(257))).toBeUndefined();
  });

  it('hears within seconds of a password that another process set', async () => {
    await passwords.set(guild, 'before it');
    const other = await open();
    await other.init();
    await other.get(GuildPasswords).set(guild, 'after it');
    await other.close();
    await vi.waitFor(async () => expect(await passwords.match(guild, 'after it')).toBeDefined(), {
      timeout: 15_000,
      interval: 200,
    });
    expect(await passwords.match(guild, 'before it')).toBeUndefined();
  }, 30_000);

  it('names another stamp for the same word set again, and none when it is taken away', async () => {
    await passwords.set(guild, 'same words');
    const before = await passwords.stamp(guild);
    await passwords.set(guild, 'same words');
    expect(await passwords.stamp(guild)).not.toBe(before);
    expect(await passwords.remove(guild)).toBe(true);
    expect(await passwords.remove(guild)).toBe(false);
    expect(await passwords.stamp(guild)).toBeUndefined();
    expect(await passwords.match(guild, 'same words')).toBeUndefined();
  });

  it('is refused in a sentence while the database cannot be written', async () => {
    const data = module.get(DataSource);
    await data.query('alter table guild_settings rename to elsewhere');
    try {
      await expect(passwords.set(guild, 'some words')).rejects.toMatchObject({ code: 'service.unavailable' });
      await expect(passwords.remove(guild)).rejects.toMatchObject({ code: 'service.unavailable' });
    } finally {
      await data.query('alter table elsewhere rename to guild_settings');
    }
  });
});
