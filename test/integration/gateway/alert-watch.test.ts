import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { alertTerms, settleTerms } from '../../../src/domain/alert-rule.js';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { AlertWatch } from '../../../src/gateway/alert.watch.js';
import { GuildDirectory } from '../../../src/gateway/guild-directory.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { AlertRuleStore } from '../../../src/guilds/alert-rule.store.js';
import { GuildsModule } from '../../../src/guilds/guilds.module.js';
import { joinOf, leaveOf, memberOf } from '../../support/events.js';
import { createTestDatabase } from '../../support/test-database.js';
import { chainOf, ListedProvider, noSettings } from '../../unit/gateway/gateway-parts.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { FiltersInMemory } from '../../unit/gateway/filters-in-memory.js';

const guildId = '100000000000000001';
const [ada, bob, eve] = ['200000000000000001', '200000000000000002', '200000000000000003'].map((id) => memberOf(id));
const outlast = { timeout: 20_000 };

const ends: (() => Promise<unknown>)[] = [];
let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  vi.restoreAllMocks();
  await database.drop();
});

interface Process {
  store: AlertRuleStore;
  rooms: GuildRooms;
  /** Rules that were told of, with the state. */
  told: string[];
  happens: (event: NewDomainEvent) => Promise<unknown>;
  save: (name: string, terms: object) => Promise<unknown>;
}

/** What a process has of alerts, on the database behind the address. */
async function start(url = database.url): Promise<Process> {
  const imports = [DatabaseModule.forRoot({ url, poolSize: 3 }), GuildsModule];
  const module: TestingModule = await Test.createTestingModule({ imports }).compile();
  await module.init();
  const store = module.get(AlertRuleStore);
  const log = new MemoryEventLog({ historySize: 100, historyAge: 60_000 });
  const chain = chainOf([new ListedProvider(guildId, [ada!, bob!])], 5_000);
  const rooms = new GuildRooms(log, chain, FiltersInMemory.make());
  const told: string[] = [];
  log.subscribe((event) => {
    rooms.apply(event);
    if (event.type !== 'announcement.created') return;
    const { alert } = event.data.data as { alert: { rule: string; state: string } };
    told.push(`${alert.rule} ${alert.state}`);
  });
  const watch = new AlertWatch(store, new GuildDirectory(chain, noSettings), rooms, log);
  watch.onApplicationBootstrap();
  ends.push(async () => {
    await watch.beforeApplicationShutdown();
    rooms.onApplicationShutdown();
    await module.close();
  });
  return {
    store,
    rooms,
    told,
    happens: (event) => log.append(event),
    save: (name, terms) => store.save(guildId, name, settleTerms(alertTerms.parse(terms))),
  };
}

const three = { figure: 'members', above: 2, rearm: 2, tellCleared: true };

describe('alerts and the database', () => {
  it('of two processes that see the same, one tells', async () => {
    const both = [await start(), await start()];
    await both[0]!.save('three', three);
    // What happens before is not in the answer of the source.
    await vi.waitFor(() => expect(both.every(({ rooms }) => rooms.peek(guildId))).toBe(true), outlast);
    const heard = () => both.flatMap(({ told }) => told);
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all(both.map(({ happens }) => happens(joinOf(guildId, eve!))));
      await vi.waitFor(() => expect(heard()).toHaveLength(2 * round - 1), outlast);
      await Promise.all(both.map(({ happens }) => happens(leaveOf(guildId, eve!))));
      await vi.waitFor(() => expect(heard()).toHaveLength(2 * round), outlast);
    }
    expect(heard().sort()).toEqual(['cleared', 'raised'].flatMap((state) => [1, 2, 3].map(() => `three ${state}`)));
  }, 60_000);

  it('raises nothing while it is away, says so once, and raises what still holds when it is back', async () => {
    const words: string[] = [];
    for (const level of ['warn', 'log'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((message: unknown) => void words.push(String(message)));
    }
    const proxy = await DatabaseProxy.start(database.url);
    ends.push(() => Promise.resolve(proxy.stop()));
    const { happens, save, told, store } = await start(proxy.url);
    await save('one', { figure: 'members', below: 2 });
    await save('three', three);
    await save('two', { figure: 'members', above: 1 });
    await vi.waitFor(() => expect(told).toEqual(['two raised']), outlast);
    proxy.cut();
    const turns = vi.spyOn(store, 'turn');
    await happens(leaveOf(guildId, bob!));
    await vi.waitFor(() => expect(turns.mock.calls.length).toBeGreaterThan(2), outlast);
    // Back again before the database is.
    await happens(joinOf(guildId, bob!));
    await happens(joinOf(guildId, eve!));
    turns.mockClear();
    await vi.waitFor(() => expect(turns.mock.calls.length).toBeGreaterThan(2), outlast);
    expect(told).toEqual(['two raised']);
    expect(words.filter((line) => line.includes('No alert is raised'))).toHaveLength(1);
    await proxy.heal();
    await vi.waitFor(() => expect(told).toEqual(['two raised', 'three raised']), outlast);
    expect(words.filter((line) => line === 'Alerts can be raised again')).toHaveLength(1);
    expect(words.join()).not.toContain('hunter2');
  }, 60_000);

  it('keeps what is raised over a restart', async () => {
    const first = await start();
    await first.save('two', { figure: 'members', above: 1 });
    await vi.waitFor(() => expect(first.told).toEqual(['two raised']), outlast);
    for (const end of ends.splice(0)) await end();
    const second = await start();
    // Its own alert shows that the figures were looked at.
    await second.save('more', { figure: 'members', above: 0 });
    await vi.waitFor(() => expect(second.told).toEqual(['more raised']), outlast);
  }, 60_000);
});
