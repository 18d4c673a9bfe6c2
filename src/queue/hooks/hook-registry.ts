import { Fault } from '../../domain/fault.js';
import { alertmanagerHook } from './alertmanager.hook.js';
import { githubHook } from './github.hook.js';
import { grafanaHook } from './grafana.hook.js';
import { type Hook } from './hook.js';
import { uptimeKumaHook } from './uptime-kuma.hook.js';

/** A new kind of sender is one line here and its file. */
export const hooks: readonly Hook[] = [githubHook, grafanaHook, uptimeKumaHook, alertmanagerHook];

/** @throws Fault `resource.not_found` with the kinds there are */
export function hookOf(kind: string): Hook {
  const hook = hooks.find(({ name }) => name === kind);
  if (hook) return hook;
  const kinds = hooks.map(({ name }) => name).join(', ');
  throw new Fault('resource.not_found', `There is no such kind of hook. The kinds are: ${kinds}.`);
}
