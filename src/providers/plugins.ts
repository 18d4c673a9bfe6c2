import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type OnApplicationShutdown } from '@nestjs/common';
import { StartupError } from '../database/startup-error.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { providerNames } from './provider-registry.js';

/** What a plugin offers: a `DataProvider` in all but its class, and a way to let go of what it holds. */
export type SourcePlugin = Pick<DataProvider, 'name' | 'listGuilds' | 'loadGuild'> &
  Partial<Pick<DataProvider, 'live' | 'watch'>> & { close?: () => unknown };

const nameShape = /^[a-z][a-z0-9-]{1,31}$/;

/** A plugin's object as a source like any other. */
class PluginProvider extends DataProvider implements OnApplicationShutdown {
  readonly name: string;
  override readonly live: boolean;

  constructor(private readonly plugin: SourcePlugin) {
    super();
    this.name = plugin.name;
    this.live = plugin.live === true;
  }

  listGuilds(signal?: AbortSignal): Promise<readonly SourceGuild[]> {
    return this.plugin.listGuilds(signal);
  }

  loadGuild(guildId: string, signal?: AbortSignal): Promise<RawSnapshot | undefined> {
    return this.plugin.loadGuild(guildId, signal);
  }

  override async watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    const stop = await this.plugin.watch?.(changed);
    return async () => stop?.();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.plugin.close?.();
  }
}

/**
 * Loads data sources from ES modules of the operator. The default export is a `SourcePlugin`, or a function that answers
 * one (or a promise of it) and gets the environment. `files` are paths, from the working directory.
 * @throws StartupError that names the file and what is wrong with it
 */
export async function loadPlugins(
  files: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DataProvider[]> {
  const providers: DataProvider[] = [];
  for (const file of files) {
    const plugin = await loadPlugin(file, environment);
    const taken = [...providerNames, ...providers.map(({ name }) => name)];
    if (taken.includes(plugin.name)) {
      throw new StartupError(
        `PROVIDER_PLUGINS: ${file} calls itself "${plugin.name}", which is another source's name.`,
      );
    }
    providers.push(new PluginProvider(plugin));
  }
  return providers;
}

async function loadPlugin(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<SourcePlugin> {
  let offered: unknown;
  try {
    const module = (await import(pathToFileURL(path.resolve(file)).href)) as { default?: unknown };
    offered = module.default;
    if (typeof offered === 'function') {
      const make = offered as (environment: Readonly<Record<string, string | undefined>>) => unknown;
      offered = await make(environment);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartupError(`PROVIDER_PLUGINS: ${file} cannot be loaded: ${why}`, { cause: error });
  }
  const fault = faultOf(offered);
  if (fault !== undefined) throw new StartupError(`PROVIDER_PLUGINS: ${file}: ${fault}`);
  return offered as SourcePlugin;
}

function faultOf(offered: unknown): string | undefined {
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
