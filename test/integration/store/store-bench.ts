import { type DynamicModule, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { type DomainEvent, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { EventLog } from '../../../src/event-log/event-log.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { PresenceCoalescer } from '../../../src/event-log/presence-coalescer.js';
import { type GuildFields } from '../../../src/store/guild-fields.js';
import { GuildStore } from '../../../src/store/guild-store.js';
import { MemberStore } from '../../../src/store/member-store.js';
import { StoreModule } from '../../../src/store/store.module.js';
import { StoredGuilds } from '../../../src/store/stored-guilds.js';
import { createTestDatabase } from '../../support/test-database.js';

export const guildId = '910000000000000001';
export const actor = 'key:0123456789ab';
export const town: GuildFields = { name: 'Town', iconUrl: null, alias: null, default: false, door: 'open' };

export interface StoreOptions {
  /** Without one, what is stored stays in the outbox, as if the process died right after the commit. */
  relay?: boolean;
  /** Milliseconds for which presences are held back. */
  presenceWindow?: number;
  speaksFor?: (guildId: string) => boolean;
  /** Called before an event gets its place, which waits for its end; whatever it throws, the log throws. */
  beforeAppend?: (event: NewDomainEvent) => void | Promise<void>;
}

export interface RunningStore {
  guilds: GuildStore;
  members: MemberStore;
  stored: StoredGuilds;
  database: DataSource;
  /** What this process told, in order. */
  events: DomainEvent[];
  close(): Promise<void>;
}

class RefusingLog extends MemoryEventLog {
  constructor(private readonly beforeAppend: (event: NewDomainEvent) => void | Promise<void>) {
    super({ historySize: 10_000, historyAge: 3_600_000 });
  }

  override async append(event: NewDomainEvent): Promise<DomainEvent> {
    await this.beforeAppend(event);
    return super.append(event);
  }
}

function logModule({ presenceWindow = 0, beforeAppend = () => undefined }: StoreOptions): DynamicModule {
  @Module({})
  class LogModule {}
  const useValue = new PresenceCoalescer(new RefusingLog(beforeAppend), presenceWindow);
  return { module: LogModule, global: true, providers: [{ provide: EventLog, useValue }], exports: [EventLog] };
}

/** A process with a store on a real database. */
export async function startStore(url: string, options: StoreOptions = {}): Promise<RunningStore> {
  const { relay = true, speaksFor = () => true } = options;
  const module = await Test.createTestingModule({
    imports: [DatabaseModule.forRoot({ url }), logModule(options), StoreModule.forRoot({ speaksFor })],
  }).compile();
  module.useLogger(false);
  const events: DomainEvent[] = [];
  module.get(EventLog).subscribe((event) => events.push(event));
  if (relay) await module.init();
  return {
    guilds: module.get(GuildStore),
    members: module.get(MemberStore),
    stored: module.get(StoredGuilds),
    database: module.get(DataSource),
    events,
    close: () => module.close(),
  };
}

/** One database for the tests of a file, emptied after each; `start` gives a process on it, closed after the test. */
export class StoreBench {
  database!: Awaited<ReturnType<typeof createTestDatabase>>;
  /** A process that tells nothing. */
  silent!: RunningStore;
  private readonly running = new Set<RunningStore>();

  constructor() {
    beforeAll(async () => {
      this.database = await createTestDatabase();
      this.silent = await startStore(this.database.url, { relay: false });
      // Nothing here is about a loss of power, and thousands of commits would each wait for the disk.
      const [row] = await this.rows<{ name: string }>('select current_database() as name');
      await this.rows(`alter database ${row!.name} set synchronous_commit = off`);
    });
    afterEach(async () => {
      await Promise.all([...this.running].map((running) => this.stop(running)));
      await this.silent.database.query('truncate stored_guilds, stored_members, outbox restart identity');
    });
    afterAll(async () => {
      await this.silent.close();
      await this.database.drop();
    });
  }

  async start(options: StoreOptions = {}, url = this.database.url): Promise<RunningStore> {
    const running = await startStore(url, options);
    this.running.add(running);
    return running;
  }

  async stop(running: RunningStore): Promise<void> {
    if (this.running.delete(running)) await running.close();
  }

  rows<T>(statement: string, values: unknown[] = []): Promise<T[]> {
    return this.silent.database.query(statement, values);
  }

  /** Of every event that waits, oldest first. */
  async waiting(): Promise<string[]> {
    return (await this.rows<{ type: string }>('select type from outbox order by id')).map(({ type }) => type);
  }
}
