import { type ContractCheck, type ProviderContractOptions } from './contract-options.js';
import { ContractFault, inShort } from './contract.fault.js';
import { ContractSource } from './contract-source.js';

export function watchChecks(options: ProviderContractOptions): ContractCheck[] {
  const name = options.change
    ? 'watches, if it can: calls changed after a change, and stops'
    : 'watches, if it can, and stops';
  return [{ name, run: () => ContractSource.use(options, (source) => watches(source, options)) }];
}

/** Whom `changed` was called with. */
type Calls = (string | undefined)[];

async function watches(source: ContractSource, options: ProviderContractOptions): Promise<void> {
  const calls: Calls = [];
  const stop = await source.watch((guildId) => calls.push(guildId));
  if (!stop) return;
  try {
    if (options.change) await mustHear(source, options, calls);
  } finally {
    await stop();
  }
  if (options.change) await mustBeSilent(options, calls);
}

async function mustHear(
  source: ContractSource,
  { change, guildId }: ProviderContractOptions,
  calls: Calls,
): Promise<void> {
  await change?.();
  const isStrange = (about: unknown): boolean => about !== undefined && typeof about !== 'string';
  const isHeard = (): boolean => calls.some((about) => about === undefined || about === guildId);
  await source.comes(() => isHeard() || calls.some(isStrange));
  const strange = calls.find(isStrange);
  if (strange !== undefined)
    throw new ContractFault(
      `watch called changed with ${inShort(strange)}: say the id of the guild as text, or nothing.`,
    );
  if (isHeard()) return;
  const others = calls.length === 0 ? '' : `, only with ${inShort(calls)}`;
  throw new ContractFault(
    `watch did not call changed for guild ${guildId} within ${source.timeoutMs} ms after change()${others}: call it, or leave watch out.`,
  );
}

/** That one who still watches hears of a change is the proof that one who stopped could have. */
async function mustBeSilent(options: ProviderContractOptions, calls: Calls): Promise<void> {
  const before = calls.length;
  await ContractSource.use(options, async (another) => {
    const later: Calls = [];
    const stop = await another.watch((guildId) => later.push(guildId));
    try {
      await mustHear(another, options, later);
    } finally {
      await stop?.();
    }
  });
  if (calls.length === before) return;
  throw new ContractFault(
    'watch called changed after it was stopped: let the function that it answers end everything.',
  );
}
