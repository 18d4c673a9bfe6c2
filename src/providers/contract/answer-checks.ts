import { isDeepStrictEqual } from 'node:util';
import { type SourceSnapshot } from '../../domain/source-snapshot.js';
import { type ContractCheck, type ProviderContractOptions } from './contract-options.js';
import { ContractFault, inShort } from './contract.fault.js';
import { ContractSource } from './contract-source.js';

/** Guilds of a list that are loaded too. */
const mostLoaded = 20;

export function answerChecks(options: ProviderContractOptions): ContractCheck[] {
  const check = (name: string, work: (source: ContractSource) => Promise<void>): ContractCheck => ({
    name,
    run: () => ContractSource.use(options, work),
  });
  return [
    check('has a valid name, lists guilds, and ends', async (source) => void (await source.list())),
    check('loads the guild, with nothing to mend', async (source) => void (await source.load(options.guildId))),
    check('loads every guild that it lists, and tells the same of it', (source) => listAndLoadAgree(source, options)),
    check('answers undefined for a guild that it does not know', (source) => unknownIsUndefined(source, options)),
    check('gives up when its signal is aborted, and answers again after it', (source) => givesUp(source, options)),
    check('answers two who ask at once alike', (source) => twoAtOnceAgree(source, options)),
    check('leaves its earlier answers as they were', (source) => answersStay(source, options)),
    ...(options.change ? [check('tells what is true after a change', (source) => changeIsTold(source, options))] : []),
  ];
}

async function listAndLoadAgree(source: ContractSource, { guildId }: ProviderContractOptions): Promise<void> {
  const guilds = await source.list();
  if (!guilds.some(({ id }) => id === guildId))
    throw new ContractFault(`listGuilds does not tell guild ${guildId}, which loadGuild should know: list it.`);
  for (const guild of guilds.slice(0, mostLoaded)) {
    const loaded = await source.load(guild.id);
    if (isDeepStrictEqual(loaded.guild, guild)) continue;
    throw new ContractFault(
      `listGuilds tells ${inShort(guild)}, and loadGuild("${guild.id}") ${inShort(loaded.guild)}: tell the same.`,
    );
  }
}

async function unknownIsUndefined(
  source: ContractSource,
  { unknownGuildId = '999999999999999999' }: ProviderContractOptions,
): Promise<void> {
  const answer = await source.loadRaw(unknownGuildId);
  if (answer === undefined) return;
  throw new ContractFault(
    `loadGuild("${unknownGuildId}") answered ${inShort(answer)}: answer undefined for a guild that it does not know.`,
  );
}

async function givesUp(source: ContractSource, { guildId }: ProviderContractOptions): Promise<void> {
  const grace = Math.ceil(source.timeoutMs / 2);
  const mustEnd = async (asking: ReturnType<ContractSource['tryList']>, what: string): Promise<void> => {
    if ((await asking) !== 'no answer') return;
    throw new ContractFault(
      `${what} went on for ${grace} ms after its signal was aborted: pass the signal on to whatever it waits for.`,
    );
  };
  const gone = AbortSignal.abort();
  await mustEnd(source.tryList(gone, grace), 'listGuilds');
  await mustEnd(source.tryLoad(guildId, gone, grace), 'loadGuild');
  const leaving = new AbortController();
  const asking = source.tryLoad(guildId, leaving.signal, grace);
  leaving.abort();
  await mustEnd(asking, 'loadGuild');
  await source.load(guildId);
}

async function twoAtOnceAgree(source: ContractSource, { guildId }: ProviderContractOptions): Promise<void> {
  const [one, other] = await Promise.all([source.load(guildId), source.load(guildId)]);
  if (isDeepStrictEqual(plain(one), plain(other))) return;
  throw new ContractFault(
    'Two loadGuild at once answered differently: keep nothing of one question where another changes it.',
  );
}

async function answersStay(source: ContractSource, options: ProviderContractOptions): Promise<void> {
  const { guildId } = options;
  const before = [await source.loadRaw(guildId), valueIn(await source.tryList())];
  const copy = copyOf(before);
  if (options.change) await changeIsTold(source, options);
  else await Promise.all([source.load(guildId), source.list()]);
  if (isDeepStrictEqual(before, copy)) return;
  throw new ContractFault('An answer changed after it was given: make a new object for each, Guildcast keeps them.');
}

async function changeIsTold(source: ContractSource, { guildId, change }: ProviderContractOptions): Promise<void> {
  const before = plain(await source.load(guildId));
  await change?.();
  const told = await source.comes(async () => !isDeepStrictEqual(plain(await source.load(guildId)), before));
  if (told) return;
  throw new ContractFault(
    `loadGuild("${guildId}") told ${source.timeoutMs} ms after change() what it told before: read anew for each question.`,
  );
}

/** What two answers must have in common: the order of members says nothing. */
function plain({ guild, members, partial }: SourceSnapshot): object {
  return { guild, members: new Map(members.map((member) => [member.id, member])), partial };
}

function valueIn(outcome: Awaited<ReturnType<ContractSource['tryList']>>): unknown {
  return typeof outcome === 'object' && 'value' in outcome ? outcome.value : undefined;
}

function copyOf(answers: unknown[]): unknown[] {
  try {
    return structuredClone(answers);
  } catch (error) {
    throw new ContractFault(
      `An answer holds more than data (${inShort(error)}): tell plain objects, lists and values.`,
    );
  }
}
