import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, type Verdict, warn } from '../finding.js';

export const originsCheck: DoctorCheck = {
  name: 'origins',
  examine({ config }) {
    const entries = config.CORS_ORIGINS.split(',').map((entry) => entry.trim());
    const named = entries.filter((entry) => entry !== '*' && entry !== '');
    if (!entries.includes('*')) {
      const faults = entries.flatMap((entry, index) => (entry === '' ? [] : (faultOf(entry, index + 1) ?? [])));
      return faults.length > 0 ? faults : ok(`Pages of ${named.length} other sites may read from here (CORS_ORIGINS).`);
    }
    if (named.length === 0) return ok('Pages of every site may read from here (CORS_ORIGINS=*).');
    return warn(
      'CORS_ORIGINS holds * and other origins: every site may read, so the others say nothing.',
      'Keep either * or the others.',
    );
  },
};

function faultOf(entry: string, place: number): Verdict | undefined {
  const which = `Entry ${place} of CORS_ORIGINS`;
  if (entry.includes('*')) {
    return fail(`${which} has a * in it, which no browser's origin ever has.`, 'Name each origin, or use * alone.');
  }
  const url = URL.canParse(entry) ? new URL(entry) : undefined;
  if (url?.origin === entry) return undefined;
  const right = url && url.origin !== 'null' ? url.origin : 'https://example.org';
  return fail(
    `${which} is not written as browsers write an origin, so pages there cannot read from here.`,
    `Write scheme, host and, if it is not the usual one, port, with no slash at the end: ${right}`,
  );
}
