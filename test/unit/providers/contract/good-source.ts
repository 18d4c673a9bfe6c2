import { expect } from 'vitest';
import { type ProviderContractOptions } from '../../../../src/providers/contract/contract-options.js';
import { ContractFault } from '../../../../src/providers/contract/contract.fault.js';
import { providerContract } from '../../../../src/providers/contract/provider-contract.js';
import { type RawSnapshot, type SourceMember } from '../../../../src/providers/data-provider.js';
import { type SourcePlugin } from '../../../../src/providers/source-plugin.js';

export const guildId = '300000000000000001';

/** What the sources read from: theirs together, as a file or a database is. */
export let world: { members: SourceMember[]; broken: boolean; watchers: Set<(guildId?: string) => void> };
/** For each test. */
export function newWorld(): void {
  world = {
    members: [{ id: '200000000000000001', username: 'ada', status: 'online' }],
    broken: false,
    watchers: new Set(),
  };
}
newWorld();

/** A source as it should be. */
export function good(): SourcePlugin {
  const ask = () => {
    if (world.broken) throw new Error('the world is not there');
    return { id: guildId, name: 'Town', iconUrl: null, suggested: { alias: 'town', default: true } };
  };
  return {
    name: 'good',
    listGuilds: async () => Promise.resolve([ask()]),
    loadGuild: async (id) =>
      Promise.resolve(
        id === guildId ? { guild: ask(), members: [...world.members], partial: ['roles'] } : (void ask(), undefined),
      ),
    watch: (changed) => {
      world.watchers.add(changed);
      return Promise.resolve(() => Promise.resolve(void world.watchers.delete(changed)));
    },
  };
}

const acts = {
  change: () => {
    world.members = [{ ...world.members[0]!, username: `${world.members[0]!.username}!` }];
    for (const changed of world.watchers) changed(guildId);
  },
  breakIt: () => void (world.broken = true),
  mendIt: () => void (world.broken = false),
};

export const options = (make: (source: SourcePlugin) => unknown = (source) => source): ProviderContractOptions => ({
  open: () => make(good()) as SourcePlugin,
  guildId,
  timeoutMs: 300,
  ...acts,
});

/** The sentence of the first check that fails, after its name. */
export async function verdict(given: ProviderContractOptions): Promise<string | undefined> {
  for (const { name, run } of providerContract(given)) {
    try {
      await run();
    } catch (error) {
      expect(error).toBeInstanceOf(ContractFault);
      return `${name}: ${(error as Error).message}`;
    }
  }
  return undefined;
}

/** A source whose answers about guilds are spoiled. */
export const telling = (spoil: (told: RawSnapshot) => unknown) => (source: SourcePlugin) => ({
  ...source,
  loadGuild: async (id: string) => {
    const told = await source.loadGuild(id);
    return told && spoil(told);
  },
});
export const withMember = (fields: object) =>
  telling((told) => ({ ...told, members: [{ ...world.members[0], ...fields }] }));
