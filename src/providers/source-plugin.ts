import { type DataProvider } from './data-provider.js';

/** What a plugin offers: a `DataProvider` in all but its class, and a way to let go of what it holds. */
export type SourcePlugin = Pick<DataProvider, 'name' | 'listGuilds' | 'loadGuild'> &
  Partial<Pick<DataProvider, 'live' | 'watch'>> & { close?: () => unknown };

const nameShape = /^[a-z][a-z0-9-]{1,31}$/;

/** What keeps something from being a plugin, in words; undefined when nothing does. */
export function pluginFault(offered: unknown): string | undefined {
  if (typeof offered !== 'object' || offered === null) {
    return 'its default export must be a data source, or a function that answers one';
  }
  const { name, listGuilds, loadGuild, watch, close } = offered as Record<string, unknown>;
  if (typeof name !== 'string' || !nameShape.test(name)) {
    return 'its name must be 2 to 32 lower-case letters, digits and dashes, with a letter first';
  }
  const missing = Object.entries({ listGuilds, loadGuild }).find(([, part]) => typeof part !== 'function');
  if (missing) return `${missing[0]} must be a function`;
  const wrong = Object.entries({ watch, close }).find(([, part]) => part !== undefined && typeof part !== 'function');
  return wrong && `${wrong[0]} must be a function, or left out`;
}
