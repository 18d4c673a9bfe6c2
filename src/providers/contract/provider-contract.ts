import { answerChecks } from './answer-checks.js';
import { type ContractCheck, type ProviderContractOptions } from './contract-options.js';
import { endingChecks } from './ending-checks.js';
import { watchChecks } from './watch-checks.js';

/**
 * What Guildcast relies on in a data source, as checks for any test runner:
 * `for (const { name, run } of providerContract(…)) test(name, run)`. They run one after the other, in their order.
 */
export function providerContract(options: ProviderContractOptions): ContractCheck[] {
  return [...answerChecks(options), ...watchChecks(options), ...endingChecks(options)];
}
