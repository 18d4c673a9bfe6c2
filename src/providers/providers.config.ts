import { z } from 'zod';
import { isSnowflake } from '../domain/snowflake.js';
import { type SourceLimits } from './guarded-source.js';
import { type ChainOptions, providerModes } from './provider-chain.js';
import { type ProviderName, providerNames, providerRegistry, type Source } from './provider-registry.js';

/** Words separated by commas. */
export function listed(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function chosen(text: string, context: z.RefinementCtx): string[] {
  const names = listed(text);
  if (new Set(names).size !== names.length) context.addIssue({ code: 'custom', message: 'names a source twice' });
  if (names.length === 0)
    context.addIssue({ code: 'custom', message: `name at least one of ${providerNames.join(', ')}` });
  return names;
}

function guildSources(text: string, context: z.RefinementCtx): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const part of text.split(',')) {
    const [guildId = '', names = '', ...rest] = part.split('=').map((word) => word.trim());
    const fault = (message: string): void => context.addIssue({ code: 'custom', message });
    if (rest.length > 0) fault('must be pairs such as 232769614004748288=http+mock, separated by commas');
    if (!isSnowflake(guildId)) fault(`"${String(guildId)}" is not the id of a guild`);
    else if (sources.has(guildId)) fault(`names the guild ${guildId} twice`);
    sources.set(guildId, chosen(names.replaceAll('+', ','), context));
  }
  return sources;
}

export const providersConfig = z.object({
  /** Asked in this order. Unset: `discord-gateway` when there is a token, else `mock`. */
  DATA_PROVIDERS: z.string().transform(chosen).optional(),
  /** In production (`NODE_ENV=production`) made-up guilds are shown only if this says so. */
  DEMO_DATA: z.enum(['on', 'off']).default('off'),
  /** ES modules that offer further sources: paths, separated by commas. */
  PROVIDER_PLUGINS: z.string().transform(listed).optional(),
  /** fallback: the first that knows a guild speaks for it. merge: the members of all that know it. */
  PROVIDER_MODE: z.enum(providerModes).default('fallback'),
  /** The sources of single guilds: `<guild id>=<source>+<source>`, separated by commas. */
  GUILD_PROVIDERS: z.string().transform(guildSources).optional(),
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(1).max(120_000).default(10_000),
  /** Questions to one source at the same time. */
  PROVIDER_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(8),
  /** Questions to one source in a minute; 0: any number. */
  PROVIDER_QUESTIONS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .refine((number) => number !== 1, 'must be 0 (no limit) or at least 2: one for the list of guilds, one for a guild')
    .default(0),
  /** Seconds for which an answer serves everybody. */
  PROVIDER_CACHE_SECONDS: z.coerce.number().min(0).max(86_400).default(60),
  /** Seconds, after that, for which the old answer is given at once while a new one is asked for. */
  PROVIDER_REVALIDATE_SECONDS: z.coerce.number().min(0).max(86_400).default(60),
  /** Seconds, after those of the cache, for which an old answer is better than none. */
  PROVIDER_STALE_SECONDS: z.coerce.number().min(0).max(604_800).default(600),
  /** Seconds between two looks at the source of a guild with a room, where the source does not tell changes itself. */
  PROVIDER_POLL_SECONDS: z.coerce.number().min(0.1).max(86_400).default(30),
  /** Sources for which a guild without members is a failure. */
  PROVIDER_EMPTY_IS_FAILURE: z.string().transform(chosen).optional(),
});

/** The settings of every source: their keys are known to the sources alone. */
export const sourceShapes = Object.assign(
  {},
  ...Object.values(providerRegistry).map(({ settings }) => settings.shape),
) as Record<never, z.ZodType>;

export interface ProvidersConfig {
  /** Of ours and of plugins. */
  names: readonly string[];
  plugins: readonly string[];
  chain: ChainOptions;
  limits: Omit<SourceLimits, 'emptyIsFailure'>;
  emptyIsFailure: readonly string[];
  /** All settings of the sources. */
  settings: object;
}

/** `usual`: the source when none is chosen. */
export function readProviders(config: z.infer<typeof providersConfig>, usual: ProviderName): ProvidersConfig {
  const names = config.DATA_PROVIDERS ?? [usual];
  const guildSources = config.GUILD_PROVIDERS ?? new Map<string, string[]>();
  return {
    // One that speaks for a single guild has to be there too; it comes last for all others.
    names: [...new Set([...names, ...[...guildSources.values()].flat()])],
    plugins: config.PROVIDER_PLUGINS ?? [],
    chain: {
      mode: config.PROVIDER_MODE,
      guildSources,
      pollMs: config.PROVIDER_POLL_SECONDS * 1000,
      staleMs: config.PROVIDER_STALE_SECONDS * 1000,
    },
    limits: {
      timeoutMs: config.PROVIDER_TIMEOUT_MS,
      concurrency: config.PROVIDER_CONCURRENCY,
      perMinute: config.PROVIDER_QUESTIONS_PER_MINUTE,
      cacheMs: config.PROVIDER_CACHE_SECONDS * 1000,
      revalidateMs: config.PROVIDER_REVALIDATE_SECONDS * 1000,
      staleMs: config.PROVIDER_STALE_SECONDS * 1000,
    },
    emptyIsFailure: config.PROVIDER_EMPTY_IS_FAILURE ?? [],
    settings: config,
  };
}

/** A sentence about a source that is named and not there; undefined when all are. */
export function unknownSource(names: readonly string[], plugins: readonly string[] = []): string | undefined {
  const there = [...providerNames, ...plugins];
  const missing = names.find((name) => !there.includes(name));
  return missing === undefined ? undefined : `there is no "${missing}"; choose from ${there.join(', ')}`;
}

/**
 * What the chosen sources need and do not have, and what is said of one that was not chosen. Made-up guilds must not be
 * taken for somebody's real ones.
 */
export function sourceFaults(config: ProvidersConfig, { production }: { production: boolean }): string[] {
  const { names, emptyIsFailure } = config;
  const set = new Map<string, unknown>(Object.entries(config.settings));
  const idle = emptyIsFailure
    .filter((name) => !names.includes(name))
    .map((name) => `PROVIDER_EMPTY_IS_FAILURE: "${name}" is none of the sources in use (${names.join(', ')})`);
  const needed = providerNames
    .filter((name) => names.includes(name))
    .flatMap((name) => {
      const { needs = [], demo = false }: Source = providerRegistry[name];
      if (demo && production && set.get('DEMO_DATA') !== 'on') {
        return [
          `DATA_PROVIDERS: ${name} shows made-up guilds, in production only with DEMO_DATA=on; ` +
            'set DISCORD_TOKEN or name another source',
        ];
      }
      return needs
        .filter((key) => set.get(key) === undefined)
        .map((key) => `${key}: must be set for the source ${name}`);
    });
  return [...idle, ...needed];
}
