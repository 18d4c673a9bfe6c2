import { Injectable, Inject, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { describeConnectionFault } from '../database/connection-fault.js';
import { Fault } from '../domain/fault.js';
import { GuildDoors } from '../guilds/guild-doors.js';
import { DOORS_CONFIG, type DoorsConfig } from './doors.config.js';
import { digestOf, secretWord } from './secret-word.js';

/** Logins of one person at the same time: a further one ends the oldest. */
const mostOfOne = 20;

export interface VisitorSession {
  /** What passes that rest on it are named by. */
  key: string;
  /** At Discord. */
  userId: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Logins at this service. The database keeps whose they are under the digest of their ids, which browsers alone have. */
@Injectable()
export class VisitorSessions {
  private readonly logger = new Logger(VisitorSessions.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly doors: GuildDoors,
    @Inject(DOORS_CONFIG) private readonly config: DoorsConfig,
  ) {}

  /** The id of a new one. @throws Fault `service.unavailable` */
  async begin(userId: string): Promise<string> {
    const id = secretWord();
    const seconds = this.config.SESSION_HOURS * 3600;
    const ended = await this.run(() =>
      this.dataSource.transaction(async (manager) => {
        // Two at once would each leave one too many.
        await manager.query(`select pg_advisory_xact_lock(hashtext('visitor_sessions'), hashtext($1))`, [userId]);
        await manager.query('delete from visitor_sessions where expires_at <= now()');
        await manager.query(
          `insert into visitor_sessions (digest, user_id, expires_at) values ($1, $2, now() + $3 * interval '1 second')`,
          [digestOf(id), userId, seconds],
        );
        const [rows]: [{ digest: Buffer }[], number] = await manager.query(
          `delete from visitor_sessions where digest in (
             select digest from visitor_sessions where user_id = $1
             order by created_at desc, digest offset $2) returning digest`,
          [userId, mostOfOne],
        );
        return rows;
      }),
    );
    for (const { digest } of ended) this.doors.revoke(keyOf(digest));
    return id;
  }

  /** Undefined when there is none, or it is over. @throws Fault `service.unavailable` */
  async find(id: string): Promise<VisitorSession | undefined> {
    const digest = digestOf(id);
    const rows: { user_id: string; expires_at: Date }[] = await this.run(() =>
      this.dataSource.query(
        'select user_id, expires_at from visitor_sessions where digest = $1 and expires_at > now()',
        [digest],
      ),
    );
    const [row] = rows;
    return row && { key: keyOf(digest), userId: row.user_id, expiresAt: row.expires_at.getTime() };
  }

  /** Those who came in by it are let out. @throws Fault `service.unavailable` */
  async end(id: string): Promise<void> {
    const digest = digestOf(id);
    await this.run(() => this.dataSource.query('delete from visitor_sessions where digest = $1', [digest]));
    this.doors.revoke(keyOf(digest));
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.logger.warn(`Logins cannot be looked up: ${describeConnectionFault(error)}`);
      throw new Fault('service.unavailable', 'Logins cannot be looked up now.', { retryAfter: 5 });
    }
  }
}

function keyOf(digest: Buffer): string {
  return `session:${digest.toString('base64url')}`;
}
