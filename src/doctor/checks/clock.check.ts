import { type DoctorCheck } from '../doctor-check.js';
import { ok, skipped, type Verdict, warn } from '../finding.js';

/** Milliseconds by which clocks may differ. */
const tolerance = 5_000;

export const clockCheck: DoctorCheck = {
  name: 'clock',
  async examine({ database, discord }) {
    const [state, reading] = await Promise.all([database().catch(() => undefined), discord()]);
    const told = [
      { whose: "the database's", ahead: state?.reading?.clockAheadMs },
      { whose: "Discord's", ahead: reading?.clockAheadMs },
    ].filter((clock): clock is { whose: string; ahead: number } => clock.ahead !== undefined);
    if (told.length === 0) return skipped('There was no other clock to compare with.');
    const wrong = told.filter(({ ahead }) => Math.abs(ahead) > tolerance).map(verdictOf);
    return wrong.length > 0 ? wrong : ok(`The clock agrees with ${told.map(({ whose }) => whose).join(' and ')}.`);
  },
};

function verdictOf({ whose, ahead }: { whose: string; ahead: number }): Verdict {
  const off = lengthOf(Math.abs(ahead));
  return warn(
    `This machine's clock is ${off} ${ahead > 0 ? 'behind' : 'ahead of'} ${whose}.`,
    'Let both machines set their clocks by the network (NTP, such as timedatectl set-ntp true).',
  );
}

function lengthOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
