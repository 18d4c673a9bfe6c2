import { readConfig } from '../../../src/app.config.js';
import { type DoctorCheck } from '../../../src/doctor/doctor-check.js';
import { type Finding } from '../../../src/doctor/finding.js';
import { type Installation } from '../../../src/doctor/installation.js';
import { diagnose } from '../../../src/doctor/diagnose.js';

/** An installation with these settings, in which nothing was found unless `parts` says so. */
export function installationWith(env: Record<string, string> = {}, parts: Partial<Installation> = {}): Installation {
  return {
    config: readConfig(env),
    database: () => Promise.resolve({}),
    discord: () => Promise.resolve(undefined),
    channels: () => Promise.resolve(undefined),
    sources: () => Promise.resolve([]),
    ...parts,
  };
}

/** What one check finds there. */
export async function findingsOf(
  check: DoctorCheck,
  env: Record<string, string> = {},
  parts: Partial<Installation> = {},
): Promise<Finding[]> {
  return (await diagnose([check], installationWith(env, parts))).findings;
}
