import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, type Verdict, warn } from '../finding.js';

/** That there are settings at all tells that they can be read: see `settingsFaults` for those that cannot. */
export const settingsCheck: DoctorCheck = {
  name: 'settings',
  examine({ config }) {
    const { DISCORD_TOKEN: token, DISCORD_BOT_TOKEN: other } = config;
    if (token !== undefined && other !== undefined && token !== other) {
      return warn(
        'DISCORD_TOKEN and DISCORD_BOT_TOKEN are two names of one setting and are set to different tokens.',
        'Keep DISCORD_TOKEN, which is used, and take the other away.',
      );
    }
    return ok('The settings can be read.');
  },
};

/** One verdict for each fault that reading the settings has named, in lines that begin with a dash. */
export function settingsFaults(message: string): Verdict[] {
  const faults = message.split('\n').flatMap((line) => /^\s+- (.*)$/.exec(line)?.[1] ?? []);
  const remedy = 'Set it right, in the environment or in .env: .env.example explains each setting.';
  return (faults.length > 0 ? faults : [message]).map((fault) => fail(`${fault.replace(/\.$/, '')}.`, remedy));
}
