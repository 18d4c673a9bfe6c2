/**
 * The assignments that make a row as if it had never been tried. What holds it back at present is for the triggers of
 * the table to say: its place in its lane, and whether its route is paused. What nobody has noted of a try whose process fell
 * silent is not forgotten: its message may be there.
 */
export const renewal = `state = 'pending', attempts = 0, reason = NULL, expires_at = NULL, dead_at = NULL,
  message_id = NULL, lease_token = NULL, lease_batch = NULL, lease_until = NULL,
  not_before = CASE WHEN state = 'pending' AND held = 'digest' THEN not_before ELSE now() END,
  held = CASE WHEN state IN ('pending', 'leased') THEN held END,
  begun_at = CASE state WHEN 'leased' THEN begun_at END,
  maybe_sent_at = CASE WHEN state = 'leased' AND delivery = 'push' THEN coalesce(maybe_sent_at, not_before)
                       ELSE maybe_sent_at END`;

/** Rows whose target needs a secret that is gone. */
const closed = `(destination LIKE 'webhook:%' AND target_secret IS NULL)`;
/** Rows whose collapse key has come again. */
const outdated = `(collapse_key IS NOT NULL AND EXISTS (
  SELECT FROM notifications AS newer
  WHERE newer.lane = notifications.lane AND newer.collapse_key = notifications.collapse_key
    AND newer.id > notifications.id))`;

/** Why an ended row of `notifications` cannot be tried again; null where it can. */
export const obstacle = `CASE WHEN ${closed} THEN 'closed' WHEN ${outdated} THEN 'outdated' END`;
export type Obstacle = 'closed' | 'outdated';
