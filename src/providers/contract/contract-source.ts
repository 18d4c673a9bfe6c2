import { setTimeout as pause } from 'node:timers/promises';
import { type SourceGuild, type SourceSnapshot } from '../../domain/source-snapshot.js';
import { pluginFault, type SourcePlugin } from '../source-plugin.js';
import { type ProviderContractOptions } from './contract-options.js';
import { ContractFault, inShort } from './contract.fault.js';
import { readAnswer, readList } from './told-faults.js';

const usualTimeout = 4_000;
/** Milliseconds between two looks at something that takes its time. */
const lookPause = 20;

export type Outcome = { value: unknown } | { error: unknown } | 'no answer';

/** A source as the checks ask it: every question has its time and a signal, as in Guildcast. */
export class ContractSource {
  private constructor(
    readonly offered: SourcePlugin,
    readonly timeoutMs: number,
  ) {}

  /** Opens a source, does `work` with it and closes it, whatever came of it. */
  static async use(options: ProviderContractOptions, work: (source: ContractSource) => Promise<void>): Promise<void> {
    const timeoutMs = options.timeoutMs ?? usualTimeout;
    const opened = await outcomeOf(() => options.open(), timeoutMs);
    const offered = valueOf(opened, 'open()', timeoutMs);
    if (typeof offered !== 'object' || offered === null)
      throw new ContractFault(`open() answered ${inShort(offered)}: answer a data source.`);
    const fault = pluginFault(offered);
    if (fault !== undefined) throw new ContractFault(`What open() answered cannot be used: ${fault}.`);
    const source = new ContractSource(offered as SourcePlugin, timeoutMs);
    try {
      await work(source);
    } catch (error) {
      // What went wrong first says more than what goes wrong at the end.
      await source.close().catch(() => undefined);
      throw error;
    }
    await source.close();
  }

  /** @throws ContractFault for anything but a list in order */
  async list(): Promise<SourceGuild[]> {
    return readList(valueOf(await this.tryList(), 'listGuilds', this.timeoutMs));
  }

  /** The answer as it came. @throws ContractFault when there is none */
  async loadRaw(guildId: string): Promise<unknown> {
    return valueOf(await this.tryLoad(guildId), `loadGuild("${guildId}")`, this.timeoutMs);
  }

  /** @throws ContractFault for anything but a snapshot in order */
  async load(guildId: string): Promise<SourceSnapshot> {
    const told = await this.loadRaw(guildId);
    if (told === undefined)
      throw new ContractFault(
        `loadGuild("${guildId}") answered undefined, as if it did not know the guild: answer it.`,
      );
    return readAnswer(told, guildId);
  }

  tryList(signal?: AbortSignal, timeoutMs = this.timeoutMs): Promise<Outcome> {
    return outcomeOf((own) => this.offered.listGuilds(signal ?? own), timeoutMs);
  }

  tryLoad(guildId: string, signal?: AbortSignal, timeoutMs = this.timeoutMs): Promise<Outcome> {
    return outcomeOf((own) => this.offered.loadGuild(guildId, signal ?? own), timeoutMs);
  }

  /** Begins to watch, if the source can. Answers how to stop. */
  async watch(changed: (guildId?: string) => void): Promise<(() => Promise<void>) | undefined> {
    if (!this.offered.watch) return undefined;
    const stop = valueOf(await outcomeOf(() => this.offered.watch?.(changed), this.timeoutMs), 'watch', this.timeoutMs);
    if (typeof stop !== 'function')
      throw new ContractFault(`watch answered ${inShort(stop)}: answer a function that stops it.`);
    const ending = stop as () => unknown;
    return async () => {
      valueOf(await outcomeOf(() => ending(), this.timeoutMs), 'The function that stops watching', this.timeoutMs);
    };
  }

  /** Whether `look` found what it looks for in time. */
  async comes(look: () => boolean | Promise<boolean>): Promise<boolean> {
    const end = performance.now() + this.timeoutMs;
    while (!(await look())) {
      if (performance.now() > end) return false;
      await pause(lookPause);
    }
    return true;
  }

  private async close(): Promise<void> {
    valueOf(await outcomeOf(() => this.offered.close?.(), this.timeoutMs), 'close()', this.timeoutMs);
  }
}

/** What comes of `work`, also of work that throws before it promises anything. */
async function outcomeOf(work: (signal: AbortSignal) => unknown, timeoutMs: number): Promise<Outcome> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      resolve('no answer');
      limit.abort();
    }, timeoutMs);
  });
  const working = new Promise((resolve) => resolve(work(limit.signal))).then(
    (value): Outcome => ({ value }),
    (error: unknown): Outcome => ({ error }),
  );
  const outcome = await Promise.race([working, late]);
  clearTimeout(timer);
  return outcome;
}

function valueOf(outcome: Outcome, what: string, timeoutMs: number): unknown {
  if (outcome === 'no answer') throw new ContractFault(`${what} did not end within ${timeoutMs} ms.`);
  if ('value' in outcome) return outcome.value;
  throw new ContractFault(
    `${what} threw "${inShort(outcome.error)}". A throw says that the source is broken, and here it is not.`,
    { cause: outcome.error },
  );
}
