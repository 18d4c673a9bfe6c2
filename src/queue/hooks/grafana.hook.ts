import { z } from 'zod';
import { alertGroup, notificationOf, titleOf } from './alert-group.js';
import { headerOf, isHmac } from './hmac.js';
import { type Hook, type HookDelivery } from './hook.js';
import { readBody } from './hook-body.js';
import { firstLine } from './hook-text.js';

/** The webhook of a contact point. `title` and `message` come from templates of the sender's and may leave it one day. */
const form = alertGroup.extend({
  orgId: z.number().int().nullish(),
  title: z.string().nullish(),
  message: z.string().nullish(),
});

const signatureHeader = 'x-grafana-alerting-signature';
/** Grafana calls its header as the operator likes; this name has to be set there. */
const timestampHeader = 'x-grafana-alerting-timestamp';

/** Seconds by which the clocks may differ, and a request may have been under way. */
const tolerance = 300;

export const grafanaHook: Hook = {
  name: 'grafana',

  signature: {
    header: signatureHeader,
    /** With a time, it is signed too, and whoever takes it away spoils the signature. */
    matches({ headers, raw }: HookDelivery, secret: string, now: Date): boolean {
      const signature = headerOf(headers[signatureHeader]) ?? '';
      const time = headerOf(headers[timestampHeader]);
      if (time === undefined) return isHmac(signature, secret, raw);
      const right = isHmac(signature, secret, `${time}:`, raw);
      return right && /^\d{1,12}$/.test(time) && Math.abs(Number(time) - now.getTime() / 1000) <= tolerance;
    },
  },

  read(body, headers) {
    const group = readBody(form, body);
    const title = firstLine(group.title ?? '') || titleOf(group);
    const notification = notificationOf('grafana', group, title, [group.orgId ?? null]);
    if (group.alerts.length === 0 && group.message) notification.payload.message = group.message;
    // Signed with its time, no two requests are alike unless one repeats the other.
    const time = headerOf(headers[timestampHeader]);
    const signature = headerOf(headers[signatureHeader]);
    if (time === undefined || signature === undefined) return notification;
    return { ...notification, delivery: `${time} ${signature.toLowerCase()}` };
  },
};
