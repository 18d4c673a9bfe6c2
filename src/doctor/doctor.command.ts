import { StartupError } from '../database/startup-error.js';
import { examineSources } from '../providers/source-examination.js';
import { checkRegistry } from './check-registry.js';
import { nodeCheck } from './checks/node.check.js';
import { settingsCheck, settingsFaults } from './checks/settings.check.js';
import { databaseState } from './database-state.js';
import { diagnose, diagnosisOf } from './diagnose.js';
import { type Diagnosis, type Finding, skipped } from './finding.js';
import { discordReadings } from './discord-readings.js';
import { findingsTable } from './findings-table.js';
import { type DoctorConfig, type Installation } from './installation.js';
import { sharedReading } from './shared-reading.js';
import { withoutSecrets } from './without-secrets.js';

export interface DoctorOrder {
  /** @throws StartupError that names the faults of the settings */
  readConfig: () => DoctorConfig;
  environment: Readonly<Record<string, string | undefined>>;
  json?: boolean;
  color: boolean;
}

/** Examines an installation from the command line, running or not. Answers what to print, and the exit code. */
export async function runDoctor(order: DoctorOrder): Promise<{ text: string; code: 0 | 1 }> {
  const diagnosis = await diagnosisFor(order);
  const text = order.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : findingsTable(diagnosis, order);
  return { text, code: diagnosis.ok ? 0 : 1 };
}

async function diagnosisFor({ readConfig, environment }: DoctorOrder): Promise<Diagnosis> {
  let config: DoctorConfig;
  try {
    config = readConfig();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return withoutSettings(error.message);
  }
  return diagnose(checkRegistry, installationOf(config, environment));
}

function installationOf(config: DoctorConfig, environment: DoctorOrder['environment']): Installation {
  return {
    config,
    database: sharedReading(() => databaseState(config), Infinity),
    ...discordReadings(config, Infinity),
    sources: sharedReading(() => examineSources(config.providers, environment), Infinity),
  };
}

/** What can be said when the settings cannot be read. */
async function withoutSettings(message: string): Promise<Diagnosis> {
  const findings = checkRegistry.map(async (check): Promise<Finding[]> => {
    if (check === settingsCheck) return settingsFaults(message).map((fault) => ({ check: check.name, ...fault }));
    if (check === nodeCheck) return (await diagnose([check], {} as Installation)).findings;
    return [{ check: check.name, ...skipped('The settings have to be right first.') }];
  });
  return diagnosisOf((await Promise.all(findings)).flat(), withoutSecrets(undefined));
}
