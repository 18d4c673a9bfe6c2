import { z } from 'zod';
import { type Hook, type HookNotification } from './hook.js';
import { readBody } from './hook-body.js';

/** The webhook of Uptime Kuma, sent as JSON. Its test has neither a heartbeat nor a monitor. It signs nothing. */
const form = z.object({
  heartbeat: z
    .object({
      status: z.number().int(),
      msg: z.string().nullish(),
      time: z.string().nullish(),
      ping: z.number().nullish(),
      duration: z.number().nullish(),
    })
    .nullable(),
  monitor: z
    .object({
      id: z.number().int().nullish(),
      name: z.string().nullish(),
      url: z.string().nullish(),
      hostname: z.string().nullish(),
      port: z.union([z.number(), z.string()]).nullish(),
      type: z.string().nullish(),
    })
    .nullable(),
  msg: z.string(),
});

const down = 0;
const up = 1;
const names: Readonly<Record<number, string | undefined>> = {
  [down]: 'down',
  [up]: 'up',
  2: 'pending',
  3: 'in maintenance',
};
/** An empty address of a form. */
const noAddress = new Set(['', 'https://', 'http://']);

export const uptimeKumaHook: Hook = {
  name: 'uptime-kuma',

  read(body): HookNotification {
    const { heartbeat, monitor, msg } = readBody(form, body);
    if (!heartbeat) return { payload: { title: 'Uptime Kuma', message: msg, tags: ['uptime-kuma'] } };
    const name = monitor?.name?.trim() || 'Monitor';
    const { status, ping } = heartbeat;
    const url = monitor?.url ?? '';
    const host = monitor?.hostname ? `${monitor.hostname}${monitor.port ? `:${monitor.port}` : ''}` : '';
    const watched = noAddress.has(url) ? host : url;
    return {
      payload: {
        title: `${name} is ${names[status] ?? `in state ${status}`}`,
        message: heartbeat.msg?.trim() || msg,
        status: status === up ? 'good' : status === down ? 'bad' : undefined,
        tags: ['uptime-kuma'],
        fields: [
          ...(watched === '' ? [] : [{ name: 'Watched', value: watched, inline: true }]),
          ...(typeof ping === 'number' ? [{ name: 'Ping', value: `${ping} ms`, inline: true }] : []),
        ],
        state: names[status] ?? String(status),
        monitor: name,
      },
      priority: status === down ? 'high' : undefined,
      // Two of these programs count their monitors from the same number.
      about: [monitor?.id ?? null, name],
    };
  },
};
