import { setTimeout as pause } from 'node:timers/promises';
import { type ContractCheck, type ProviderContractOptions } from './contract-options.js';
import { ContractFault, inShort } from './contract.fault.js';
import { ContractSource, type Outcome } from './contract-source.js';

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
  // They are opened with the first word, and stay.
  void process.stdout;
  void process.stderr;
  const before = resources();
  let timeoutMs = 0;
  await ContractSource.use(options, async (source) => {
    timeoutMs = source.timeoutMs;
    await source.list();
    await source.load(options.guildId);
    const stop = await source.watch(() => undefined);
    await stop?.();
  });
  const end = performance.now() + timeoutMs;
  for (;;) {
    const left = leftOver(before);
    if (left === '') return;
    if (performance.now() > end)
      throw new ContractFault(
        `After close() there is more open than before open() (${left}): end timers, watchers and connections in close().`,
      );
    await pause(lookPause);
  }
}

/** How many of each kind keep the process alive. Timers that are not ready to keep it alive are not seen. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function leftOver(before: ReadonlyMap<string, number>): string {
  return [...resources()]
    .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([kind, more]) => `${more} ${kind}`)
    .join(', ');
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
