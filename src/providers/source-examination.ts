import { SELF_DECLARED_DEPS_METADATA } from '@nestjs/common/constants.js';
import { StartupError } from '../database/startup-error.js';
import { type DataProvider } from './data-provider.js';
import { loadPlugins } from './plugins.js';
import { type ProviderName, providerRegistry, type Source } from './provider-registry.js';
import { type ProvidersConfig, unknownSource } from './providers.config.js';
import { reportOf, type SourceReport } from './source-report.js';
import { SOURCE_SETTINGS } from './source-settings.js';

/**
 * Asks the chosen sources for their guilds without the program around them, in their order: those that need nothing but
 * their settings, and plugins.
 * @throws StartupError when a plugin cannot be loaded, or a source is named and not there
 */
export async function examineSources(
  config: ProvidersConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<SourceReport[]> {
  const plugins = await loadPlugins(config.plugins, environment);
  const unknown = unknownSource(
    config.names,
    plugins.map(({ name }) => name),
  );
  if (unknown !== undefined) throw new StartupError(`DATA_PROVIDERS: ${unknown}`);
  return Promise.all(
    config.names.map((name) => {
      const plugin = plugins.find((candidate) => candidate.name === name);
      return examineSource(name, plugin ? () => plugin : alone(name as ProviderName, config.settings), config.limits);
    }),
  );
}

async function examineSource(
  name: string,
  make: (() => DataProvider & Closable) | undefined,
  { timeoutMs }: { timeoutMs: number },
): Promise<SourceReport> {
  if (!make) return { name, tookMs: 0 };
  let source: (DataProvider & Closable) | undefined;
  const report = await reportOf(name, () => (source = make()).listGuilds(AbortSignal.timeout(timeoutMs)));
  // Nobody waits: one that does not answer may not end either.
  void close(source);
  return report;
}

async function close(source: Closable | undefined): Promise<void> {
  try {
    await source?.onApplicationShutdown?.();
  } catch {
    // It has answered; how it ends is nothing to examine.
  }
}

interface Closable {
  onApplicationShutdown?(): unknown;
}

/** Undefined for a source that reads what the running program holds, such as the bot's session. */
function alone(name: ProviderName, settings: object): (() => DataProvider & Closable) | undefined {
  const { provider }: Source = providerRegistry[name];
  const declared = Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, provider) as { param: unknown }[] | undefined;
  if (provider.length !== 1 || declared?.[0]?.param !== SOURCE_SETTINGS) return undefined;
  return () => new provider(settings);
}
