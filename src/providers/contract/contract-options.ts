import { type SourcePlugin } from '../source-plugin.js';

export interface ProviderContractOptions {
  /** Makes the source as Guildcast would. Called for each check; what it answers is closed after it. */
  open: () => SourcePlugin | Promise<SourcePlugin>;
  /** A guild that the source knows. */
  guildId: string;
  /** A guild that it does not know. Left out: 999999999999999999. */
  unknownGuildId?: string;
  /** Makes something else true of the guild, each time it is called: somebody comes, leaves or changes. */
  change?: () => unknown;
  /** From now on what the source reads from cannot be read. */
  breakIt?: () => unknown;
  /** It can be read again. */
  mendIt?: () => unknown;
  /** Milliseconds for one answer, and for a change to be seen. Left out: 4000. */
  timeoutMs?: number;
}

/** One thing to check; `run` rejects with a sentence when it does not hold. */
export interface ContractCheck {
  name: string;
  run: () => Promise<void>;
}
