import { z } from 'zod';

export const metricsConfig = z.object({
  /** Serves `/metrics` without a key on a port of its own, on the address HOST. Unset: with a key on PORT alone. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
});
