import { type AlertTerms, type AlertTurn } from './alert-rule.js';

interface Told {
  rule: Pick<AlertTerms, 'figure' | 'side' | 'threshold' | 'data'> & { name: string };
  to: AlertTurn;
  /** Of the figure. */
  value: number;
}

/** The data of the `announcement.created` that tells of an alert. */
export function alertAnnouncement({ rule, to, value }: Told, at: Date): Record<string, unknown> {
  const { name, figure, side, threshold, data } = rule;
  return { alert: { rule: name, figure, value, [side]: threshold, state: to, at: at.toISOString() }, ...data };
}
