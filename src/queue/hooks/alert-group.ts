import { z } from 'zod';
import { type Priority } from '../../domain/notification.js';
import { type HookNotification, type HookPayload } from './hook.js';
import { firstLine } from './hook-text.js';

/** Alerts that are shown one by one. */
const mostShown = 10;

const texts = z.record(z.string(), z.string()).nullish();
const status = z.enum(['firing', 'resolved']);

const alert = z.object({
  status,
  labels: texts,
  annotations: texts,
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
});

/** What the webhooks of Alertmanager and of Grafana have in common. */
export const alertGroup = z.object({
  status,
  receiver: z.string().nullish(),
  groupKey: z.string().min(1),
  alerts: z.array(alert),
  groupLabels: texts,
  commonLabels: texts,
  commonAnnotations: texts,
  externalURL: z.string().nullish(),
  truncatedAlerts: z.number().int().nonnegative().nullish(),
});
type AlertGroup = z.output<typeof alertGroup>;
type Alert = z.output<typeof alert>;

const priorities: ReadonlyMap<string, Priority> = new Map([
  ['critical', 'critical'],
  ['page', 'critical'],
  ['error', 'high'],
  ['major', 'high'],
  ['high', 'high'],
  ['info', 'low'],
  ['low', 'low'],
]);

/** One notification for the group. `scope` tells groups apart that have the same key, such as those of two organisations. */
export function notificationOf(kind: string, group: AlertGroup, title: string, scope: unknown[]): HookNotification {
  const firing = group.status === 'firing';
  const { commonAnnotations, commonLabels } = group;
  // Those that are over may give way.
  const shown = group.alerts.toSorted((a, b) => Number(isOver(a)) - Number(isOver(b))).slice(0, mostShown);
  const missing = group.alerts.length - shown.length + (group.truncatedAlerts ?? 0);
  const severity = commonLabels?.severity?.toLowerCase() ?? '';
  const payload: HookPayload = {
    title,
    message: (
      aboutAll(commonAnnotations) +
      (missing > 0 ? `\n${missing} more ${missing === 1 ? 'alert is' : 'alerts are'} not shown.` : '')
    ).trim(),
    status: firing ? 'bad' : 'good',
    url: group.externalURL ?? undefined,
    tags: [kind, ...(severity === '' ? [] : [severity])],
    // One that adds nothing to what is said of all is in the title.
    fields: shown
      .map((one) => ({ name: nameOf(one), value: aboutOne(one, group) }))
      .filter(({ value }) => value !== ''),
    state: group.status,
    labels: commonLabels ?? {},
  };
  return {
    payload,
    // That it is over is no emergency, and takes the place of what told that it was one.
    priority: firing ? priorities.get(severity) : undefined,
    about: [...scope, group.groupKey],
  };
}

/** As both senders write it: `[FIRING:2] name`. */
export function titleOf({ status: state, alerts, commonLabels, groupLabels }: AlertGroup): string {
  const firing = alerts.filter((one) => one.status === 'firing').length;
  const head = state === 'firing' ? `[FIRING:${firing}]` : '[RESOLVED]';
  const name = commonLabels?.alertname ?? Object.values(groupLabels ?? {}).join(' ');
  return `${head} ${firstLine(name) || 'Alerts'}`;
}

function isOver({ status: state }: Alert): boolean {
  return state === 'resolved';
}

function aboutAll(annotations: AlertGroup['commonAnnotations']): string {
  return [annotations?.summary, annotations?.description].filter((text) => text?.trim()).join('\n');
}

function nameOf({ status: state, labels }: Alert): string {
  const name = firstLine(labels?.alertname ?? '') || 'Alert';
  return state === 'firing' ? name : `${name} (resolved)`;
}

/** What this one alert says beside what all of them do. */
function aboutOne({ annotations, labels }: Alert, { commonAnnotations, commonLabels }: AlertGroup): string {
  const told = [annotations?.summary, annotations?.description].filter(
    (text) => text?.trim() && text !== commonAnnotations?.summary && text !== commonAnnotations?.description,
  );
  const own = Object.entries(labels ?? {})
    .filter(([name, value]) => name !== 'alertname' && commonLabels?.[name] !== value)
    .map(([name, value]) => `${name}: ${value}`);
  return [...told, own.join(', ')].filter((text) => text !== '').join('\n');
}
