import { type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { GuildsModule } from '../../../src/guilds/guilds.module.js';
import { createTestDatabase } from '../../support/test-database.js';

export interface GuildsBench {
  /** Of the database of the present test. */
  readonly url: string;
  /** Those that were opened in the present test. */
  readonly modules: readonly TestingModule[];
  /** One of the module's stores in a process of its own, as far as the database can tell. */
  open<T>(store: Type<T>, url?: string): Promise<T>;
}

/** A database for each test, and the module of guilds on it as often as it is opened. */
export function guildsBench(): GuildsBench {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const modules: TestingModule[] = [];
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    for (const module of modules.splice(0)) await module.close();
    await database.drop();
  });
  return {
    get url() {
      return database.url;
    },
    modules,
    async open(store, url = database.url) {
      const imports = [DatabaseModule.forRoot({ url, poolSize: 4 }), GuildsModule];
      const module = await Test.createTestingModule({ imports }).compile();
      modules.push(module);
      await module.init();
      return module.get(store);
    },
  };
}
