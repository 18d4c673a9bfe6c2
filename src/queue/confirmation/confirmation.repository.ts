import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Locale, type NotificationState, type RenderedMessage } from '../../domain/notification.js';
import { wakeChannel } from '../notification.repository.js';
import { type MarkedNotification, marked } from '../pull.repository.js';

/** A row that is confirmed now, with its state before. */
export type ConfirmedNotification = MarkedNotification & { former: NotificationState; messageId: string };

/** A notification of which a webhook's message may be. */
export interface WebhookCandidate {
  id: string;
  webhookId: string;
  /** Of the target, if it names one. */
  threadId: string | null;
  type: string;
  payload: Record<string, unknown>;
  message: RenderedMessage | null;
  locale: Locale | null;
  /** When nobody knew what had become of it; null while it is under way. */
  givenUpAt: Date | null;
}

/** How a message's notification is found: by its id, its nonce, or the id of a message that is known to be it. */
type Key = 'id' | 'nonce' | 'messageId';

/** As index `notifications_unconfirmed` says, and so on. */
const found: Record<Key, string> = {
  id: `n.id = echo.key::bigint AND n.confirmed_at IS NULL`,
  nonce: `n.nonce = echo.key AND n.delivery = 'push' AND n.confirmed_at IS NULL
    AND (n.state IN ('leased', 'delivered', 'unknown') OR n.maybe_sent_at IS NOT NULL)`,
  messageId: `n.message_id = echo.key AND n.confirmed_at IS NULL AND n.state = 'delivered' AND n.target ? 'webhookId'`,
};

/** Whether nobody else will settle it. */
const settles = `(known.state IN ('pending', 'unknown', 'dead'))`;

/** The rows whose messages Discord has told of. Each method is one statement. */
@Injectable()
export class ConfirmationRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Notes that these messages are in Discord. What waited for another try, or was given up, is delivered by that; what is
   * under way is settled by who holds its lease.
   */
  async confirm(by: Key, echoes: readonly { key: string; messageId: string }[]): Promise<ConfirmedNotification[]> {
    return this.database.query(
      `WITH known AS (
         SELECT n.id, n.state, echo.message_id
         FROM unnest($1::text[], $2::text[]) AS echo (key, message_id) JOIN notifications AS n ON ${found[by]}
         FOR UPDATE OF n
       ), confirmed AS (
         UPDATE notifications AS n
         SET confirmed_at = now(), message_id = coalesce(n.message_id, known.message_id),
             attempts = attempts + CASE WHEN ${settles} THEN 1 ELSE 0 END,
             state = CASE WHEN ${settles} THEN 'delivered' ELSE n.state END,
             delivered_at = CASE WHEN ${settles} THEN now() ELSE delivered_at END,
             dead_at = CASE WHEN ${settles} THEN NULL ELSE dead_at END,
             reason = CASE WHEN ${settles} THEN $3 ELSE reason END,
             held = CASE WHEN ${settles} THEN NULL ELSE held END,
             target_secret = CASE WHEN NOT ${settles} THEN target_secret END,
             fallback_secret = CASE WHEN NOT ${settles} THEN fallback_secret END
         FROM known WHERE n.id = known.id
         RETURNING n.*, known.state AS former
       ), shown AS (
         -- Whoever comes next edits it, though nobody heard an answer.
         UPDATE notification_boards AS board SET message_id = confirmed.message_id, updated_at = now() FROM confirmed
         WHERE board.collapse_key = confirmed.collapse_key AND board.publisher = confirmed.publisher
           AND board.destination = confirmed.destination AND board.nonce = confirmed.nonce AND board.message_id IS NULL
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, attempts, 'sent', $3 FROM confirmed WHERE former <> state
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM confirmed WHERE former <> state LIMIT 1)
       SELECT ${marked}, former, message_id AS "messageId" FROM confirmed LEFT JOIN rung ON true`,
      [
        echoes.map(({ key }) => key),
        echoes.map(({ messageId }) => messageId),
        'an earlier try had arrived: Discord told of the message',
      ],
    );
  }

  /** Those by these webhooks that are under way, or of which nobody knows; oldest first, those under way before. */
  async candidates(webhooks: readonly { webhookId: string; channelId: string }[]): Promise<WebhookCandidate[]> {
    const ids = webhooks.map(({ webhookId }) => webhookId);
    const places = webhooks.flatMap(({ webhookId, channelId }) => [
      `webhook:${webhookId}`,
      `webhook:${webhookId}/${channelId}`,
    ]);
    return this.database.query(
      `WITH candidates AS (
         SELECT * FROM notifications
         WHERE state = 'leased' AND delivery = 'push' AND begun_at IS NOT NULL AND target ->> 'webhookId' = ANY ($1)
         UNION ALL
         SELECT * FROM notifications WHERE state = 'unknown' AND delivery = 'push' AND destination = ANY ($2)
       )
       SELECT id, target ->> 'webhookId' AS "webhookId", target ->> 'threadId' AS "threadId", type, payload, message, locale,
         dead_at AS "givenUpAt"
       FROM candidates WHERE confirmed_at IS NULL ORDER BY dead_at NULLS FIRST, id LIMIT 1000`,
      [ids, places],
    );
  }
}
