import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type OnApplicationShutdown } from '@nestjs/common';
import { StartupError } from '../database/startup-error.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { providerNames } from './provider-registry.js';
import { pluginFault, type SourcePlugin } from './source-plugin.js';

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
  const fault = pluginFault(offered);
  if (fault !== undefined) throw new StartupError(`PROVIDER_PLUGINS: ${file}: ${fault}`);
  return offered as SourcePlugin;
}
