export * from './testing/fake-discord/index.js';
export { providerContract } from './providers/contract/provider-contract.js';
export { type ContractCheck, type ProviderContractOptions } from './providers/contract/contract-options.js';
export { type RawSnapshot, type SourceMember } from './providers/data-provider.js';
export { type SourcePlugin } from './providers/source-plugin.js';
export { type SourceGuild } from './domain/source-snapshot.js';
