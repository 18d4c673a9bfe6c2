import { z } from 'zod';
import { type ProviderName, providerNames, providerRegistry } from './provider-registry.js';

function chosen(text: string, context: z.RefinementCtx): ProviderName[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    if ((providerNames as string[]).includes(name)) continue;
    context.addIssue({ code: 'custom', message: `there is no "${name}"; choose from ${providerNames.join(', ')}` });
  }
  if (new Set(names).size !== names.length) context.addIssue({ code: 'custom', message: 'names a source twice' });
  if (names.length === 0)
    context.addIssue({ code: 'custom', message: `name at least one of ${providerNames.join(', ')}` });
  return names as ProviderName[];
}

export const providersConfig = z.object({
  /** Asked in this order. Unset: `discord-gateway` when there is a token, else `mock`. */
  DATA_PROVIDERS: z.string().transform(chosen).optional(),
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(1).max(120_000).default(10_000),
});

/** The settings of every source: their keys are known to the sources alone. */
export const sourceShapes = Object.assign(
  {},
  ...Object.values(providerRegistry).map(({ settings }) => settings.shape),
) as Record<never, z.ZodType>;

export interface ProvidersConfig {
  names: ProviderName[];
  timeoutMs: number;
  /** All settings of the sources. */
  settings: object;
}
