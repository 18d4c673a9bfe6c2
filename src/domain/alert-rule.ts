import { z } from 'zod';
import { figureNames, figures, type FigureName } from './figures/index.js';

/** Bytes of JSON for the operator's part of an announcement: of 16 KiB, half a KiB is left for what we tell. */
export const longestAlertData = 16_384 - 512;

export type AlertSide = 'above' | 'below';
export type AlertTurn = 'raised' | 'cleared';

/** What a rule asks of its figure. The threshold itself is not beyond it. */
export interface AlertCondition {
  side: AlertSide;
  threshold: number;
  /** Once raised, the alert may be raised again only after the figure was here, or further back. */
  rearm: number;
  /** Seconds that the figure must stay beyond the threshold. */
  forSeconds: number;
}

/** A rule as its operator wrote it, with every choice made. */
export interface AlertTerms extends AlertCondition {
  figure: FigureName;
  /** Goes into the announcement beside `alert`. */
  data: Record<string, unknown>;
  tellCleared: boolean;
  enabled: boolean;
}

/** Part of an address: what would need escaping there is mostly left out. */
export const alertName = z
  .string()
  .normalize('NFC')
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]{0,62}[\p{L}\p{M}\p{N}])?$/u,
    'must be 1 to 64 letters and digits, with spaces, dots, dashes and underscores inside',
  );

const largest = 1_000_000_000;
const deepest = 32;

const alertData = z
  .record(z.string(), z.unknown())
  .refine((data) => !isDeeper(data, deepest), { message: `must be nested ${deepest} levels at most`, abort: true })
  .refine((data) => Buffer.byteLength(JSON.stringify(data)) <= longestAlertData, {
    message: `must be at most ${longestAlertData} bytes of JSON`,
  })
  .refine((data) => !('alert' in data), { message: 'must leave the key "alert" to us' });

const meanings = Object.entries(figures).map(([name, { meaning }]) => `${name}: ${meaning}`);

/** What an operator says about a rule. */
export const alertTerms = z
  .strictObject({
    figure: z.enum(figureNames).describe(meanings.join('; ')),
    above: z.number().min(0).max(largest).optional().describe('Raised when the figure is higher. This or `below`.'),
    below: z.number().positive().max(largest).optional().describe('Raised when the figure is lower. This or `above`.'),
    rearm: z
      .number()
      .min(0)
      .max(2 * largest)
      .optional()
      .describe(
        'Where the figure must have been again before the next alert. Usually a tenth back from the threshold.',
      ),
    forSeconds: z.int().min(0).max(3_600).default(0).describe('How long the figure must stay beyond the threshold.'),
    data: alertData.default({}).describe('Any JSON object: clients get it beside `alert`.'),
    tellCleared: z.boolean().default(false).describe('Whether the room also hears that the figure went back.'),
    enabled: z.boolean().default(true),
  })
  .superRefine(({ above, below, rearm }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((above === undefined) === (below === undefined)) refuse('above', 'either this or "below" must be given');
    else if (rearm === undefined) return;
    else if (above !== undefined && rearm > above) refuse('rearm', 'must not be higher than "above"');
    else if (below !== undefined && rearm < below) refuse('rearm', 'must not be lower than "below"');
  });

/** Makes the choices that the operator left open. */
export function settleTerms({ above, below, rearm, ...rest }: z.output<typeof alertTerms>): AlertTerms {
  const side = above === undefined ? 'below' : 'above';
  const threshold = above ?? below ?? 0;
  const back = threshold / 10;
  return { ...rest, side, threshold, rearm: rearm ?? (side === 'above' ? threshold - back : threshold + back) };
}

/** Stops at the bound: what is far deeper would exhaust the stack of those who write it down. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
