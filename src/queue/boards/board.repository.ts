import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type ClaimedNotification } from '../lease.repository.js';

/** A notification that is shown by the message of its board. */
export type BoardedNotification = Pick<ClaimedNotification, 'publisher' | 'destination' | 'nonce'> & {
  collapseKey: string;
};

export interface OpenBoard {
  /** Null until somebody noted that the message is there. */
  messageId: string | null;
  /** What the message was, or is to be, sent by. */
  nonce: string;
}

/** A board as an operator sees it. */
export interface Board {
  /** 64-bit, hence text. */
  id: string;
  collapseKey: string;
  publisher: string;
  destination: string;
  messageId: string | null;
  updatedAt: Date;
}

const ofNotification = `collapse_key = $1 AND publisher = $2 AND destination = $3`;

/** Which message shows what. Each method is one statement; `LeaseRepository.settle` notes the message itself. */
@Injectable()
export class BoardRepository {
  constructor(private readonly database: DataSource) {}

  /** The board of a notification. Where there is none, one whose message will be sent by the notification's nonce. */
  async open(notification: BoardedNotification): Promise<OpenBoard> {
    const rows: OpenBoard[] = await this.database.query(
      `WITH found AS (
         SELECT message_id AS "messageId", nonce FROM notification_boards WHERE ${ofNotification}
       ), made AS (
         INSERT INTO notification_boards (collapse_key, publisher, destination, nonce)
         SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM found)
         ON CONFLICT (collapse_key, publisher, destination) DO UPDATE SET updated_at = now()
         RETURNING message_id AS "messageId", nonce
       )
       SELECT * FROM found UNION ALL SELECT * FROM made`,
      parametersOf(notification),
    );
    return rows[0]!;
  }

  /** Says that the message is gone: the next one will be sent by the notification's nonce. Answers the board as it is then. */
  async renew(notification: BoardedNotification, goneMessageId: string): Promise<OpenBoard> {
    await this.database.query(
      `UPDATE notification_boards SET message_id = NULL, nonce = $4, updated_at = now()
       WHERE ${ofNotification} AND message_id = $5`,
      [...parametersOf(notification), goneMessageId],
    );
    return this.open(notification);
  }

  async remember(notification: BoardedNotification, messageId: string): Promise<void> {
    const { collapseKey, publisher, destination } = notification;
    await this.database.query(
      `UPDATE notification_boards SET message_id = $4, updated_at = now() WHERE ${ofNotification}`,
      [collapseKey, publisher, destination, messageId],
    );
  }

  /** Newest first, those before the id `before`; of one collapse key, or all. */
  async list(limit: number, before: string | undefined, collapseKey: string | undefined): Promise<Board[]> {
    return this.database.query(
      `SELECT id, collapse_key AS "collapseKey", publisher, destination, message_id AS "messageId",
              updated_at AS "updatedAt"
       FROM notification_boards
       WHERE id < coalesce($2::bigint, 9223372036854775807) ${collapseKey === undefined ? '' : 'AND collapse_key = $3'}
       ORDER BY id DESC LIMIT $1`,
      [limit, before ?? null, ...(collapseKey === undefined ? [] : [collapseKey])],
    );
  }

  /** Whether there was one. */
  async remove(id: string): Promise<boolean> {
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notification_boards WHERE id = $1`,
      [id],
    );
    return deleted > 0;
  }

  /** Forgets up to `limit` boards that did not change for `days`; answers how many. */
  async removeOld(days: number, limit: number): Promise<number> {
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notification_boards WHERE id IN (
         SELECT id FROM notification_boards WHERE updated_at < now() - make_interval(days => $1)
         ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED
       )`,
      [days, limit],
    );
    return deleted;
  }
}

function parametersOf({ collapseKey, publisher, destination, nonce }: BoardedNotification): string[] {
  return [collapseKey, publisher, destination, nonce];
}
