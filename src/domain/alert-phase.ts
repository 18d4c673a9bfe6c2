import { type AlertCondition, type AlertTurn } from './alert-rule.js';
import { type Reading } from './figures/figure.js';

/** `since`: when the figure was first seen beyond the threshold; milliseconds of the same clock as `now`. */
export type AlertPhase = { state: 'armed' } | { state: 'pending'; since: number } | { state: 'raised' };

const armed: AlertPhase = { state: 'armed' };

/**
 * One look at a figure: armed -> pending while `forSeconds` lasts -> raised -> armed again once the figure is back at
 * `rearm`. Without a reading nothing is proven: no alert is raised or cleared, and what is pending begins anew.
 */
export function advance(
  phase: AlertPhase,
  condition: AlertCondition,
  reading: Reading | undefined,
  now: number,
): { phase: AlertPhase; turn?: AlertTurn } {
  if (phase.state === 'raised') {
    return reading && isBack(condition, reading) ? { phase: armed, turn: 'cleared' } : { phase };
  }
  if (!reading || !isBeyond(condition, reading)) return { phase: armed };
  const since = phase.state === 'pending' ? phase.since : now;
  if (now - since < condition.forSeconds * 1000) return { phase: { state: 'pending', since } };
  return { phase: { state: 'raised' }, turn: 'raised' };
}

/** A reading that may be too low proves that the figure is high, never that it is low. */
function isBeyond({ side, threshold }: AlertCondition, { value, atLeast }: Reading): boolean {
  return side === 'above' ? value > threshold : value < threshold && !atLeast;
}

function isBack({ side, rearm }: AlertCondition, { value, atLeast }: Reading): boolean {
  return side === 'above' ? value <= rearm && !atLeast : value >= rearm;
}
