import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { postgresSettings } from '../../../src/providers/postgres/postgres-settings.js';
import { makeSample } from '../../../src/providers/postgres/sample-schema.js';
import { PostgresBench } from './postgres-bench.js';

const harbour = '110000000000000001';
const workshop = '110000000000000002';

let bench: PostgresBench;
let heard: (string | undefined)[];
const changed = (guildId?: string) => void heard.push(guildId);

beforeEach(async () => {
  bench = await PostgresBench.open();
  await makeSample(postgresSettings.parse({ POSTGRES_SOURCE_URL: bench.url }), {});
  heard = [];
});
afterEach(() => bench.close());

/** Watches, and forgets what is said once it does: that anything may have changed. */
async function watching(settings: Record<string, string> = {}): Promise<() => Promise<void>> {
  const stop = await bench.provider(settings).watch(changed);
  await vi.waitFor(() => expect(heard).toEqual([undefined]));
  heard = [];
  return stop;
}

async function hears(expected: (string | undefined)[]): Promise<void> {
  await vi.waitFor(() => expect(heard).toEqual(expected));
  heard = [];
}

describe('changes in the tables', () => {
  it('are heard by the guild they are in', async () => {
    await watching();
    await bench.run(`update discord_users set status = 'dnd' where server_id = '${harbour}'`);
    await hears([harbour]);
    await bench.run(`insert into discord_users (user_id, server_id, username, status, role_color)
      values ('210000000000000009', '${workshop}', 'new', 'online', '#ffffff')`);
    await hears([workshop]);
    await bench.run(`update discord_users set server_id = '${harbour}' where user_id = '210000000000000009'`);
    await hears([workshop, harbour]);
    await bench.run(`delete from discord_users where user_id = '210000000000000009'`);
    await hears([harbour]);
    await bench.run(`update discord_servers set name = 'Docks' where server_id = '${harbour}'`);
    await hears([harbour]);
    await bench.run(`delete from discord_servers where server_id = '${workshop}'`);
    await hears([workshop]);
    await bench.run('truncate discord_users');
    await hears([undefined]);
  });

  it('that nobody sees are not told, nor those that were taken back', async () => {
    await watching();
    await bench.run(`update discord_users set last_seen = now()`);
    await bench.run(`begin; update discord_users set status = 'dnd'; rollback`);
    await bench.run(`notify guildcast_source, '10001'`);
    await hears(['10001']);
  });

  it('are heard on another channel too, and a payload that is no id means any guild', async () => {
    await watching({ POSTGRES_SOURCE_CHANNEL: 'Böse_Kanäle' });
    for (const payload of ['10001', '', 'x', ' 10002 ', '__proto__', '9'.repeat(7_000)]) {
      await bench.run('select pg_notify($1, $2)', ['Böse_Kanäle', payload]);
    }
    await hears(['10001', undefined, undefined, '10002', undefined, undefined]);
  });

  it('may have been missed when the connection was lost: then any guild may have changed', async () => {
    await watching();
    for (let n = 0; n < 2; n += 1) {
      expect(await bench.cut()).toBe(1);
      await hears([undefined]);
      await bench.run(`notify guildcast_source, '${harbour}'`);
      await hears([harbour]);
    }
  });

  it('are not told any more once the watch ended', async () => {
    const stop = await watching();
    const others: (string | undefined)[] = [];
    await bench.provider().watch((guildId) => void others.push(guildId));
    await vi.waitFor(() => expect(others).toEqual([undefined]));
    await stop();
    await bench.run(`notify guildcast_source, '${harbour}'`);
    await vi.waitFor(() => expect(others).toEqual([undefined, harbour]));
    expect(heard).toEqual([]);
  });

  it('are not listened for when the channel is off', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_CHANNEL: 'off' });
    const stop = await provider.watch(changed);
    await provider.listGuilds();
    expect(await bench.connections()).toEqual([expect.stringContaining('discord_servers')]);
    await stop();
    expect(heard).toEqual([]);
  });
});

describe('the end of the source', () => {
  it('leaves no connection behind', async () => {
    const provider = bench.provider();
    await provider.watch(changed);
    await provider.listGuilds();
    await vi.waitFor(() => expect(heard).toEqual([undefined]));
    expect(await bench.connections()).toHaveLength(2);
    await provider.onApplicationShutdown();
    await vi.waitFor(async () => expect(await bench.connections()).toEqual([]));
    await provider.onApplicationShutdown();
  });
});
