import { setTimeout as pause } from 'node:timers/promises';
import { type ContractCheck, type ProviderContractOptions } from './contract-options.js';
import { ContractFault, inShort } from './contract.fault.js';
import { ContractSource, type Outcome } from './contract-source.js';
import { OpenResources } from './open-resources.js';

/** Milliseconds between two looks at what is open. */
const lookPause = 20;

export function endingChecks(options: ProviderContractOptions): ContractCheck[] {
  const closing = { name: 'holds nothing after it was closed', run: () => leavesNothing(options) };
  const breaking = {
    name: options.mendIt ? 'throws while it is broken, and answers after that' : 'throws while it is broken',
    run: () => ContractSource.use(options, (source) => throws(source, options)),
  };
  // Last: without mendIt nothing works after it.
  return options.breakIt ? [closing, breaking] : [closing];
}

async function leavesNothing(options: ProviderContractOptions): Promise<void> {
  const resources = new OpenResources();
  let timeoutMs = 0;
  const work = (): Promise<void> =>
    ContractSource.use(options, async (source) => {
      timeoutMs = source.timeoutMs;
      await source.list();
      await source.load(options.guildId);
      const stop = await source.watch(() => undefined);
      await stop?.();
    });
  await resources.follow(work, async () => {
    const end = performance.now() + timeoutMs;
    while (resources.left() !== '' && performance.now() < end) await pause(lookPause);
  });
  const left = resources.left();
  if (left === '') return;
  throw new ContractFault(
    `After close() something that it began is still open (${left}): end timers, watchers and connections in close().`,
  );
}

async function throws(source: ContractSource, options: ProviderContractOptions): Promise<void> {
  const { guildId, breakIt, mendIt } = options;
  await source.load(guildId);
  await breakIt?.();
  try {
    mustThrow(await source.tryLoad(guildId), `loadGuild("${guildId}")`, source);
    mustThrow(await source.tryList(), 'listGuilds', source);
  } finally {
    await mendIt?.();
  }
  if (!mendIt) return;
  const isBack = async (): Promise<boolean> => {
    const outcome = await source.tryLoad(guildId);
    return outcome !== 'no answer' && 'value' in outcome && outcome.value !== undefined;
  };
  if (!(await source.comes(isBack)))
    throw new ContractFault(`loadGuild("${guildId}") does not answer after mendIt(): it must work again by itself.`);
  await source.load(guildId);
}

function mustThrow(outcome: Outcome, what: string, { timeoutMs }: ContractSource): void {
  if (outcome === 'no answer')
    throw new ContractFault(`${what} did not end within ${timeoutMs} ms while it was broken: let it throw in time.`);
  if ('value' in outcome) {
    const meaning = outcome.value === undefined ? ', which ends the room of the guild' : '';
    throw new ContractFault(
      `${what} answered ${inShort(outcome.value)} while it was broken${meaning}: let it throw, so that what it told before stays on show.`,
    );
  }
  const { message } = (outcome.error ?? {}) as { message?: unknown };
  if (typeof message !== 'string' || message === '')
    throw new ContractFault(
      `${what} threw ${inShort(outcome.error)}: throw an Error whose message says what is wrong.`,
    );
}
