import { StartupError } from '../database/startup-error.js';
import { type DoctorCheck } from './doctor-check.js';
import { type Diagnosis, fail, type Finding, type Verdict } from './finding.js';
import { type Installation } from './installation.js';
import { withoutSecrets } from './without-secrets.js';

/** Milliseconds for one check. */
const usualPatience = 10_000;

/** Runs the checks side by side; what they find comes in their order. Never throws. */
export async function diagnose(
  checks: readonly DoctorCheck[],
  installation: Installation,
  patience = usualPatience,
): Promise<Diagnosis> {
  const lists = await Promise.all(checks.map((check) => findingsOf(check, installation, patience)));
  return diagnosisOf(lists.flat(), withoutSecrets(installation.config));
}

export function diagnosisOf(findings: readonly Finding[], safe: (text: string) => string): Diagnosis {
  return {
    ok: findings.every(({ state }) => state !== 'fail'),
    findings: findings.map(({ check, state, sentence, remedy }) => ({
      check,
      state,
      sentence: safe(sentence),
      ...(remedy !== undefined && { remedy: safe(remedy) }),
    })),
  };
}

async function findingsOf(check: DoctorCheck, installation: Installation, patience: number): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((resolve) => {
    const seconds = patience / 1000;
    const verdict = fail(`There was no answer within ${seconds} s.`, 'Look at what hangs there, then ask again.');
    timer = setTimeout(() => resolve(verdict), patience);
  });
  try {
    const verdicts = await Promise.race([verdictsOf(check, installation), late]);
    return [verdicts].flat().map((verdict) => ({ check: check.name, ...verdict }));
  } finally {
    clearTimeout(timer);
  }
}

async function verdictsOf(check: DoctorCheck, installation: Installation): Promise<Verdict | Verdict[]> {
  try {
    return await check.examine(installation);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof StartupError) return fail(reason, 'Mend that, then ask again.');
    return fail(`This could not be looked at: ${reason}.`, 'Look for a newer version of this program, or report it.');
  }
}
