import { type ProviderName, providerRegistry, type Source } from '../../providers/provider-registry.js';
import { type SourceReport } from '../../providers/source-report.js';
import { type DoctorCheck } from '../doctor-check.js';
import { fail, ok, skipped, type Verdict, warn } from '../finding.js';

export const sourcesCheck: DoctorCheck = {
  name: 'sources',
  async examine({ sources }) {
    return (await sources()).map(verdictOf);
  },
};

function verdictOf({ name, guilds, fault, busy, tookMs }: SourceReport): Verdict {
  const own = Object.hasOwn(providerRegistry, name);
  const { needs = [] }: Partial<Source> = own ? providerRegistry[name as ProviderName] : {};
  const keys = own ? needs.join(' and ') : 'PROVIDER_PLUGINS';
  if (busy) return warn(`The source ${name} was not asked now: ${fault}.`, 'Ask again in a minute.');
  if (fault !== undefined) {
    return fail(
      `The source ${name} gives no answer: ${fault.replace(/\.$/, '')}.`,
      keys === '' ? 'The log of the running Guildcast says more.' : `Look at ${keys}, and at what it reads from.`,
    );
  }
  if (guilds === undefined)
    return skipped(`The source ${name} answers in the running Guildcast alone (/api/v1/admin/doctor).`);
  if (guilds === 0 && keys !== '') {
    return warn(
      `The source ${name} answers, but knows no guild (${tookMs} ms).`,
      `Look at ${keys}: is it the right place?`,
    );
  }
  return ok(
    `The source ${name} answered in ${tookMs} ms and knows ${guilds === 1 ? 'one guild' : `${guilds} guilds`}.`,
  );
}
