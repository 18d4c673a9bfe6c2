/**
 * The assignments that make a row as if it had never been tried. What holds it back at present is for the triggers of
 * the table to say: its place in its lane, and whether its route is paused.
 */
export const renewal = `state = 'pending', attempts = 0, reason = NULL, not_before = now(), expires_at = NULL,
  dead_at = NULL, message_id = NULL, begun_at = NULL, lease_token = NULL, lease_batch = NULL, lease_until = NULL,
  held = CASE WHEN state IN ('pending', 'leased') THEN held END`;

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
