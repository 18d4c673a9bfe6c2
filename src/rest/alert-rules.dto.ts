import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { alertName, alertTerms } from '../domain/alert-rule.js';
import { figureNames } from '../domain/figures/index.js';
import { alertStates } from '../gateway/watched-guild.js';

export class AlertRuleParams extends createZodDto(
  z.object({ guild: z.string().describe('Id or alias.'), name: alertName }),
) {}

export class AlertRuleBody extends createZodDto(alertTerms) {}

const alertRule = z.object({
  name: z.string(),
  figure: z.enum(figureNames),
  above: z.number().optional(),
  below: z.number().optional(),
  rearm: z.number(),
  forSeconds: z.int(),
  data: z.record(z.string(), z.unknown()),
  tellCleared: z.boolean(),
  enabled: z.boolean(),
  state: z
    .enum(alertStates)
    .describe('off: not enabled; pending: beyond the threshold, but not for long enough; raised: until `rearm`'),
  value: z.number().nullable().describe('Of the figure, now. Null while the guild cannot be seen.'),
  raisedAt: z.iso.datetime().nullable(),
});
export class AlertRuleAnswer extends createZodDto(alertRule) {}

export class AlertRuleList extends createZodDto(z.object({ alerts: z.array(alertRule) })) {}
