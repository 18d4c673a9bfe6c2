import { z } from 'zod';
import { type MockOptions } from './mock/mock-options.js';
import { type ProviderName, providerNames } from './provider-registry.js';

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
  /** How fast the demo guilds live: 2 is twice as fast, 0 stands still. */
  MOCK_PACE: z.coerce.number().min(0).max(1_000).default(1),
  MOCK_SEED: z.coerce.number().int().min(0).max(0xffffffff).optional(),
});

export interface ProvidersConfig {
  names: ProviderName[];
  timeoutMs: number;
  mock: MockOptions;
}
