import { type QueryRunner } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { type PgListener } from '../../../src/database/pg-listener.js';
import { HiddenMembers } from '../../../src/guilds/hidden-members.js';
import { memberOf } from '../../support/events.js';
import { actor, guildId, type RunningStore, StoreBench, town } from './store-bench.js';

const ada = memberOf('100000000000000001');
const bob = memberOf('100000000000000002');
const deadline = { timeout: 20_000 };

describe('a member who hides', () => {
  const bench = new StoreBench();

  async function open() {
    const store = await bench.start({ relay: false });
    await store.guilds.create(guildId, town, actor);
    const hidden = new HiddenMembers(store.database, {} as PgListener);
    await hidden.show(guildId, ada.id);
    return { store, hidden };
  }

  /** Somebody else's transaction under way. */
  async function begin({ database }: RunningStore): Promise<QueryRunner> {
    const other = database.createQueryRunner();
    await other.startTransaction();
    return other;
  }

  const waits = ({ database }: RunningStore) =>
    vi.waitFor(async () => {
      const waiting = await database.query<unknown[]>(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
      );
      expect(waiting).toHaveLength(1);
    }, deadline);

  const kept = async (store: RunningStore) => {
    const members = await store.database.query<{ id: string }[]>('select id from stored_members order by id');
    const [guild] = await store.database.query<{ count: number }[]>('select member_count as count from stored_guilds');
    const outbox = await store.database.query<{ row: string }[]>('select data::text as row from outbox');
    return { ids: members.map(({ id }) => id), count: guild?.count, told: outbox.map(({ row }) => row).join() };
  };

  it('is deleted with what was to be told of them, and nobody else is', async () => {
    const { store, hidden } = await open();
    await store.members.put(guildId, [ada, bob], actor);
    await hidden.hide(guildId, ada.id);
    const { ids, count, told } = await kept(store);
    expect({ ids, count }).toEqual({ ids: [bob.id], count: 1 });
    expect(told).not.toContain(ada.id);
    expect(told).toContain(bob.id);
  });

  it('stays in the store of other guilds, unless they hide everywhere', async () => {
    const { store, hidden } = await open();
    await store.members.put(guildId, [ada], actor);
    await hidden.hide('910000000000000002', ada.id);
    expect(await kept(store)).toMatchObject({ ids: [ada.id], count: 1 });
    await hidden.hide(null, ada.id);
    expect(await kept(store)).toMatchObject({ ids: [], count: 0 });
    await hidden.show(null, ada.id);
    await hidden.show('910000000000000002', ada.id);
  });

  it('is not stored by a write that began before their hiding was committed', async () => {
    const { store, hidden } = await open();
    const other = await begin(store);
    await other.query(`select pg_advisory_xact_lock(hashtextextended('guildcast.hidden', 0))`);
    await other.query('insert into hidden_members (guild_id, user_id) values ($1, $2)', [guildId, ada.id]);
    const writing = store.members.put(guildId, [ada, bob], actor);
    await waits(store);
    await other.commitTransaction();
    await other.release();
    expect(await writing).toEqual({ joined: 1, updated: 0, unchanged: 0, hidden: 1 });
    expect(await kept(store)).toMatchObject({ ids: [bob.id], count: 1 });
    await hidden.show(guildId, ada.id);
  });

  it('waits for a write that is under way, and deletes what it stored', async () => {
    const { store, hidden } = await open();
    const other = await begin(store);
    await other.query(`select pg_advisory_xact_lock_shared(hashtextextended('guildcast.hidden', 0))`);
    const { id, username, displayName, roleColor } = ada;
    await other.query(
      `insert into stored_members (guild_id, id, username, display_name, bot, role_color, role_ids, status, activities)
       values ($1, $2, $3, $4, false, $5, '{}', 'online', '[]')`,
      [guildId, id, username, displayName, roleColor],
    );
    await other.query('update stored_guilds set member_count = 1');
    const hiding = hidden.hide(guildId, id);
    await waits(store);
    await other.commitTransaction();
    await other.release();
    await hiding;
    expect(await kept(store)).toMatchObject({ ids: [], count: 0 });
    await hidden.show(guildId, id);
  });
});
