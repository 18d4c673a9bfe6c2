import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { member as memberShape } from '../../src/domain/member.js';
import { applyEvent, type GuildState } from '../../src/domain/guild-state.js';
import { type SourceSnapshot } from '../../src/domain/source-snapshot.js';
import { type ProviderContractOptions } from '../../src/providers/contract/contract-options.js';
import { providerContract } from '../../src/providers/contract/provider-contract.js';
import { providerNames, type ProviderName } from '../../src/providers/provider-registry.js';
import { readSnapshot } from '../../src/providers/read-snapshot.js';
import { type Bench, benches } from './data-provider-benches.js';

/** As the chain reads it; a source of ours is never in need of being mended. */
async function load({ provider }: Bench, guildId: string): Promise<SourceSnapshot | undefined> {
  const raw = await provider.loadGuild(guildId);
  if (!raw) return undefined;
  const { snapshot, repairs } = readSnapshot(raw, guildId, 10_000);
  expect([...repairs]).toEqual([]);
  return snapshot;
}

/** What can be done to a source here, beside asking it. A file that breaks is read as it was before. */
const possible: Partial<Record<ProviderName, readonly ('change' | 'breakIt' | 'mendIt')[]>> = {
  mock: ['change'],
  'discord-gateway': ['change'],
  postgres: ['change', 'breakIt', 'mendIt'],
  http: ['change', 'breakIt', 'mendIt'],
  file: ['change'],
};

/** The bench is there once the checks run. */
function contractOf(name: ProviderName, bench: () => Bench): ProviderContractOptions {
  const can = possible[name] ?? [];
  const acts = can.map((act) => [act, () => (act === 'change' ? (bench().change ?? bench().live) : bench()[act])?.()]);
  return {
    open: () => bench().open?.() ?? bench().provider,
    get guildId() {
      return bench().guildId;
    },
    timeoutMs: 8_000,
    ...(Object.fromEntries(acts) as Partial<ProviderContractOptions>),
  };
}

function stateOf({ guild, members }: SourceSnapshot): GuildState {
  const known = new Map(members.map((one) => [one.id, one]));
  return { name: guild.name, iconUrl: guild.iconUrl, members: known, channels: new Map(), available: true };
}

describe.each(providerNames)('data source: %s', (name) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await benches[name]();
  });
  afterAll(() => bench.close());

  it('is called as it is chosen', () => {
    expect(bench.provider.name).toBe(name);
  });

  for (const check of providerContract(contractOf(name, () => bench))) it(check.name, check.run);

  it('tells members in their promised shape, each once', async () => {
    const snapshot = await load(bench, bench.guildId);
    expect(snapshot!.members.length).toBeGreaterThan(0);
    expect(new Set(snapshot!.members.map(({ id }) => id)).size).toBe(snapshot!.members.length);
    for (const one of snapshot!.members) expect(memberShape.parse(one)).toEqual(one);
    expect(snapshot!.partial).toEqual(bench.partial ?? []);
  });

  it.each(['999999999999999999', '', '__proto__', 'constructor', '0', 'x'])('does not know %j', async (id) => {
    expect(await bench.provider.loadGuild(id)).toBeUndefined();
  });

  it('is the sum of what it told before and its events since', async ({ skip }) => {
    skip(!bench.provider.live, 'the source tells no events: they are made of the differences between its answers');
    const before = await load(bench, bench.guildId);
    const told = structuredClone(before);
    const from = bench.events().length;
    await bench.live();
    // Read in one turn: nothing can happen between the two.
    const loading = load(bench, bench.guildId);
    const since = bench.events().slice(from);
    const after = await loading;
    expect(before, 'an answer changed after it was given').toEqual(told);
    const state = stateOf(told!);
    for (const event of since) if (event.guildId === bench.guildId) applyEvent(state, event);
    expect(new Map(after!.members.map((one) => [one.id, one]))).toEqual(state.members);
    expect(state.members).not.toEqual(stateOf(told!).members);
  });
});
