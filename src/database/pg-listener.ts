import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Pool } from 'pg';
import { DataSource } from 'typeorm';
import { ChannelListener } from './channel-listener.js';

/** Hears NOTIFY in our own database. */
@Injectable()
export class PgListener extends ChannelListener implements OnModuleDestroy {
  constructor(dataSource: DataSource) {
    // With the pool's own options: they are how this database is reached, in whatever form they were given.
    super(() => (dataSource.driver as unknown as { master: Pool }).master.options);
  }

  onModuleDestroy(): Promise<void> {
    return this.close();
  }
}
