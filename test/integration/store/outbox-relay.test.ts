import { describe, expect, it, vi } from 'vitest';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { mostTries, outboxChannel } from '../../../src/store/outbox.js';
import { memberOf } from '../../support/events.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { actor, guildId, type RunningStore, StoreBench, town } from './store-bench.js';

const other = '910000000000000002';
const ada = memberOf('100000000000000001');
const bob = memberOf('100000000000000002');
const outlast = { timeout: 15_000, interval: 20 };

const typesOf = ({ events }: RunningStore) => events.map(({ type }) => type);

describe('OutboxRelay', () => {
  const bench = new StoreBench();

  const untilEmpty = () => vi.waitFor(async () => expect(await bench.waiting()).toEqual([]), outlast);

  it('tells what is stored, in its order, and leaves nothing behind', async () => {
    const store = await bench.start();
    await store.guilds.create(guildId, town, actor);
    await store.members.put(guildId, [ada, bob], actor);
    await store.members.patch(guildId, ada.id, { status: 'dnd' }, actor);
    await store.members.patch(guildId, ada.id, { displayName: 'Al' }, actor);
    await store.members.remove(guildId, bob.id, actor);
    await store.guilds.remove(guildId, actor);
    await untilEmpty();
    expect(store.events).toMatchObject([
      { type: 'guild.updated', guildId, data: { guild: { name: 'Town' }, actor } },
      { type: 'member.joined', guildId, data: { member: ada, actor } },
      { type: 'member.joined', guildId, data: { member: bob, actor } },
      { type: 'presence.updated', guildId, data: { status: 'dnd', previous: 'online', actor } },
      { type: 'member.updated', guildId, data: { previous: { displayName: ada.displayName }, actor } },
      { type: 'member.left', guildId, data: { member: { id: bob.id }, actor } },
      { type: 'guild.removed', guildId, data: { actor } },
    ]);
    expect(store.events).toHaveLength(7);
  });

  it('is woken by a write of another process', async () => {
    const store = await bench.start();
    await untilEmpty();
    await bench.silent.guilds.create(guildId, town, actor);
    await vi.waitFor(() => expect(typesOf(store)).toEqual(['guild.updated']), outlast);
  });

  it('tells after the next start what a process stored and did not live to tell', async () => {
    await bench.silent.guilds.create(guildId, town, actor);
    await bench.silent.members.put(guildId, [ada], actor);
    expect(await bench.waiting()).toEqual(['guild.updated', 'member.joined']);
    const next = await bench.start();
    await untilEmpty();
    expect(typesOf(next)).toEqual(['guild.updated', 'member.joined']);
  });

  it('ends with the process, which leaves the rest to the next one', async () => {
    const first = await bench.start();
    await first.guilds.create(guildId, town, actor);
    await untilEmpty();
    await bench.stop(first);
    await bench.silent.members.put(guildId, [ada], actor);
    expect(await bench.waiting()).toEqual(['member.joined']);
    const second = await bench.start();
    await untilEmpty();
    expect([typesOf(first), typesOf(second)]).toEqual([['guild.updated'], ['member.joined']]);
  });

  it('is one of several: each event is told once, by the same process until that ends', async () => {
    const stores = await Promise.all([bench.start(), bench.start(), bench.start()]);
    await Promise.all([guildId, other].map((id) => stores[0].guilds.create(id, town, actor)));
    const writes = Array.from({ length: 60 }, (_, n) =>
      stores[n % 3]!.members.put(n % 2 ? guildId : other, [memberOf(String(100_000 + n))], actor),
    );
    await Promise.all(writes);
    await untilEmpty();
    const speaking = stores.filter(({ events }) => events.length > 0);
    expect(speaking).toHaveLength(1);
    const joined = speaking[0]!.events.flatMap(({ type, data }) =>
      type === 'member.joined' ? [(data as { member: { id: string } }).member.id] : [],
    );
    expect(joined.sort()).toEqual(Array.from({ length: 60 }, (_, n) => String(100_000 + n)));

    const silent = stores.filter(({ events }) => events.length === 0);
    await bench.stop(speaking[0]!);
    await bench.silent.members.remove(guildId, '100001', actor);
    await untilEmpty();
    expect(silent.flatMap(typesOf)).toEqual(['member.left']);
  });

  it('leads a room to what the table says, however many write at once', async () => {
    const store = await bench.start();
    await store.guilds.create(guildId, town, actor);
    const writers = [store, bench.silent];
    const statuses = ['online', 'idle', 'dnd', 'offline'] as const;
    const write = async (n: number): Promise<void> => {
      const { members } = writers[n % 2]!;
      const id = String(200_000 + (n % 25));
      if (n % 10 === 9) await members.remove(guildId, id, actor).catch(() => undefined);
      else if (n % 3 === 0)
        await members.patch(guildId, id, { displayName: `Name ${n}` }, actor).catch(() => undefined);
      else await members.put(guildId, [memberOf(id, { username: `u${n}`, status: statuses[n % 4]! })], actor);
    };
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => write(n)));
    await untilEmpty();
    const room: GuildState = { name: '', iconUrl: null, members: new Map(), channels: new Map(), available: true };
    for (const event of store.events) applyEvent(room, event);
    const table = await store.stored.snapshot(guildId);
    expect(table!.members.length).toBeGreaterThan(5);
    expect(room.members).toEqual(new Map(table!.members.map((member) => [member.id, member])));
    expect((await store.stored.guild(guildId)).memberCount).toBe(table!.members.length);
  }, 120_000);

  it('tells more than it reads at once', async () => {
    await bench.silent.guilds.create(guildId, town, actor);
    const many = Array.from({ length: 1_000 }, (_, n) => memberOf(String(300_000 + n)));
    await bench.silent.members.put(guildId, many, actor);
    await bench.silent.members.put(
      guildId,
      many.map((member) => ({ ...member, status: 'idle' as const })),
      actor,
    );
    const store = await bench.start();
    await untilEmpty();
    expect(store.events).toHaveLength(2_001);
    expect(store.events.slice(1, 1_001).map(({ data }) => (data as { member: { id: string } }).member.id)).toEqual(
      many.map(({ id }) => id),
    );
  });

  it('does not let presences that are held back hold up other guilds', async () => {
    const store = await bench.start({ presenceWindow: 600_000 });
    await store.guilds.create(guildId, town, actor);
    await store.guilds.create(other, town, actor);
    await store.members.put(guildId, [ada], actor);
    await untilEmpty();
    store.events.length = 0;
    await store.members.patch(guildId, ada.id, { status: 'dnd' }, actor);
    await store.members.put(other, [bob], actor);
    await vi.waitFor(() => expect(typesOf(store)).toEqual(['member.joined']), outlast);
    // Not told yet, so not forgotten either.
    await vi.waitFor(async () => expect(await bench.waiting()).toEqual(['presence.updated']), outlast);
    await bench.stop(store);
    expect(typesOf(store)).toEqual(['member.joined', 'presence.updated']);
  });

  it('tells an event once that the log takes its time with', async () => {
    let asked = 0;
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const store = await bench.start({
      beforeAppend: async ({ type }) => {
        if (type !== 'member.joined') return;
        asked += 1;
        await gate;
      },
    });
    await store.guilds.create(guildId, town, actor);
    await store.members.put(guildId, [ada], actor);
    await vi.waitFor(() => expect(asked).toBe(1), outlast);
    // Told while the other waits: the outbox was looked at again.
    await store.guilds.create(other, town, actor);
    await vi.waitFor(() => expect(typesOf(store)).toEqual(['guild.updated', 'guild.updated']), outlast);
    await store.members.remove(guildId, ada.id, actor);
    goOn();
    await untilEmpty();
    expect(typesOf(store).slice(2)).toEqual(['member.joined', 'member.left']);
    expect(asked).toBe(1);
  });

  it('tells nothing of guilds that the store does not speak for, and keeps nothing of it', async () => {
    const store = await bench.start({ speaksFor: (id) => id === guildId });
    await store.guilds.create(other, town, actor);
    await store.guilds.create(guildId, town, actor);
    await untilEmpty();
    expect(store.events.map(({ guildId: id }) => id)).toEqual([guildId]);
  });

  it('goes on after the connection broke, without telling anything twice', async () => {
    const proxy = await DatabaseProxy.start(bench.database.url);
    const cutAt: string[] = [];
    const beforeAppend = ({ type }: NewDomainEvent) => {
      if (type === 'member.joined' && cutAt.push(type) === 1) proxy.cut();
    };
    const store = await bench.start({ beforeAppend }, proxy.url);
    await bench.silent.guilds.create(guildId, town, actor);
    await bench.silent.members.put(guildId, [ada, bob], actor);
    await vi.waitFor(() => expect(typesOf(store)).toHaveLength(3), outlast);
    expect(await bench.waiting()).toContain('member.joined');
    await proxy.heal();
    await bench.silent.members.remove(guildId, bob.id, actor);
    await untilEmpty();
    expect(typesOf(store)).toEqual(['guild.updated', 'member.joined', 'member.joined', 'member.left']);
    await bench.stop(store);
    proxy.stop();
  });
});

describe('an event that cannot be told', () => {
  const bench = new StoreBench();
  const failures = () => bench.rows<{ failures: number }>('select failures from outbox order by id');
  /** As if the time until its next try were over. */
  const hurry = async () => {
    await bench.rows('update outbox set not_before = now() where failures > 0');
    await bench.rows(`notify ${outboxChannel}`);
  };

  it('holds up its own guild while it is tried, and no other', async () => {
    let refuses = true;
    const store = await bench.start({
      beforeAppend: ({ type }) => {
        if (refuses && type === 'member.joined') throw new Error('the log is full');
      },
    });
    await store.guilds.create(guildId, town, actor);
    await store.members.put(guildId, [ada], actor);
    await vi.waitFor(async () => expect((await failures()).length).toBe(1), outlast);
    await vi.waitFor(async () => expect((await failures())[0]!.failures).toBeGreaterThan(0), outlast);
    await store.members.patch(guildId, ada.id, { displayName: 'Al' }, actor);
    await store.guilds.create(other, town, actor);
    await vi.waitFor(() => expect(store.events.map((event) => event.guildId)).toContain(other), outlast);
    expect(typesOf(store)).toEqual(['guild.updated', 'guild.updated']);
    await vi.waitFor(async () => expect(await bench.waiting()).toEqual(['member.joined', 'member.updated']), outlast);
    refuses = false;
    await hurry();
    await vi.waitFor(async () => expect(await bench.waiting()).toEqual([]), outlast);
    expect(typesOf(store).slice(-2)).toEqual(['member.joined', 'member.updated']);
  });

  it('is set aside after some tries and kept, and what is behind it passes', async () => {
    await bench.silent.guilds.create(guildId, town, actor);
    await bench.rows(
      `insert into outbox (guild_id, type, data) values ($1, 'member.joined', '{"member": {"id": 7}}')`,
      [guildId],
    );
    await bench.rows(`insert into outbox (guild_id, type, data) values ($1, 'constructor', '{}')`, [other]);
    await bench.silent.members.put(guildId, [ada], actor);
    const store = await bench.start();
    await vi.waitFor(
      async () => {
        await hurry();
        expect(typesOf(store)).toEqual(['guild.updated', 'member.joined']);
        expect(await failures()).toEqual([{ failures: mostTries }, { failures: mostTries }]);
      },
      { timeout: 15_000, interval: 50 },
    );
    expect(store.events[1]).toMatchObject({ data: { member: ada } });
    expect(await bench.waiting()).toEqual(['member.joined', 'constructor']);
  });
});
