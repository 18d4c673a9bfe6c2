import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { githubEvents } from './github-events.js';
import { headerOf, isHmac } from './hmac.js';
import { type Hook, type HookDelivery, type HookNotification } from './hook.js';
import { readBody } from './hook-body.js';

const signatureHeader = 'x-hub-signature-256';

/** What each event may hold beside what is its own. */
const form = z.looseObject({
  action: z.string().nullish(),
  repository: z.looseObject({ full_name: z.string(), html_url: z.string().nullish() }).nullish(),
  organization: z.looseObject({ login: z.string() }).nullish(),
  sender: z.looseObject({ login: z.string() }).nullish(),
});

/** Webhooks of repositories and organisations on GitHub. */
export const githubHook: Hook = {
  name: 'github',

  signature: {
    header: signatureHeader,
    matches({ headers, raw }: HookDelivery, secret: string): boolean {
      const given = headerOf(headers[signatureHeader]) ?? '';
      return isHmac(given.replace(/^sha256=/, ''), secret, raw);
    },
  },

  read(body, headers): HookNotification | undefined {
    const event = headerOf(headers['x-github-event']) ?? '';
    if (!/^[a-z0-9_]{1,64}$/.test(event)) {
      throw new Fault('request.invalid', 'X-GitHub-Event: must name the event, such as push');
    }
    if (event === 'ping') return undefined;
    const { action, repository, organization, sender } = readBody(form, body);
    const place = repository?.full_name ?? organization?.login ?? 'GitHub';
    const read = githubEvents.get(event);
    const told = read
      ? read(body, place)
      : { title: `${place}: ${event.replaceAll('_', ' ')}${action ? ` ${action}` : ''}`, url: repository?.html_url };
    const who = sender ? [{ name: 'By', value: sender.login, inline: true }] : [];
    const { title, message, priority, about, fields, status, url } = told;
    return {
      payload: {
        title,
        message,
        status,
        url: url ?? undefined,
        tags: ['github', event],
        fields: [...(fields ?? []).map((field) => ({ ...field, inline: true })), ...who],
        event,
        action: action ?? undefined,
        repository: repository?.full_name,
        sender: sender?.login,
      },
      priority,
      about: about && [event, place, ...about],
      delivery: headerOf(headers['x-github-delivery']),
    };
  },
};
