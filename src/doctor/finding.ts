import { z } from 'zod';

/** ok · warn: works, but not fully or not safely · fail: something that was asked for does not work · skipped: not looked at */
export const findingStates = ['ok', 'warn', 'fail', 'skipped'] as const;

export const finding = z.object({
  check: z.string(),
  state: z.enum(findingStates),
  /** What was found, for the operator. Holds no secret. */
  sentence: z.string(),
  /** What to do about it. */
  remedy: z.string().optional(),
});
export type Finding = z.infer<typeof finding>;

/** `ok` is false when something failed. */
export const diagnosis = z.object({ ok: z.boolean(), findings: z.array(finding) });
export type Diagnosis = z.infer<typeof diagnosis>;

/** What a check says: whoever runs it adds its name. */
export type Verdict = Omit<Finding, 'check'>;

export function ok(sentence: string): Verdict {
  return { state: 'ok', sentence };
}

export function skipped(sentence: string): Verdict {
  return { state: 'skipped', sentence };
}

export function warn(sentence: string, remedy: string): Verdict {
  return { state: 'warn', sentence, remedy };
}

export function fail(sentence: string, remedy: string): Verdict {
  return { state: 'fail', sentence, remedy };
}
