import { z } from 'zod';
import { alertGroup, notificationOf, titleOf } from './alert-group.js';
import { type Hook } from './hook.js';
import { readBody } from './hook-body.js';

/** `webhook_config` of Prometheus' Alertmanager, version 4 of its body. It signs nothing. */
const form = alertGroup.extend({ version: z.literal('4') });

export const alertmanagerHook: Hook = {
  name: 'alertmanager',

  read(body) {
    const group = readBody(form, body);
    return notificationOf('alertmanager', group, titleOf(group), [group.receiver ?? null]);
  },
};
