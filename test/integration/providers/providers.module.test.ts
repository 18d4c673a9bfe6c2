import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { ProviderChain } from '../../../src/providers/provider-chain.js';
import { providersConfig, readProviders } from '../../../src/providers/providers.config.js';
import { ProvidersModule } from '../../../src/providers/providers.module.js';

const guildId = '100000000000000001';

/** Knows every guild, and nobody in them. */
class Empty extends DataProvider {
  constructor(readonly name: string) {
    super();
  }

  listGuilds(): Promise<[]> {
    return Promise.resolve([]);
  }

  loadGuild(id: string): Promise<RawSnapshot> {
    return Promise.resolve({ guild: { id, name: this.name, iconUrl: null }, members: [] });
  }
}

let module: TestingModule | undefined;
afterEach(async () => {
  await module?.close();
  module = undefined;
});

async function chainFor(env: Record<string, string>): Promise<ProviderChain> {
  const config = readProviders(providersConfig.parse(env), 'mock');
  const plugins = ['one', 'two', 'three'].map((name) => new Empty(name));
  module = await Test.createTestingModule({ imports: [ProvidersModule.forRoot(config, [], plugins)] }).compile();
  return module.get(ProviderChain);
}

describe('the sources of an application', () => {
  it('are those that were chosen, in their order, each by its own settings', async () => {
    const chain = await chainFor({ DATA_PROVIDERS: 'three,one,two', PROVIDER_EMPTY_IS_FAILURE: 'one,three' });
    expect(chain.names).toEqual(['three', 'one', 'two']);
    expect((await chain.load(guildId))?.source).toBe('two');
  });

  it('take an empty guild for an answer unless it is said', async () => {
    expect((await (await chainFor({ DATA_PROVIDERS: 'one,two' })).load(guildId))?.source).toBe('one');
  });

  it('merge, and speak for single guilds, as the settings say', async () => {
    const env = { DATA_PROVIDERS: 'one,two', PROVIDER_MODE: 'merge', GUILD_PROVIDERS: `${guildId}=three+one` };
    const chain = await chainFor(env);
    expect(chain.names).toEqual(['one', 'two', 'three']);
    expect((await chain.load(guildId))?.source).toBe('three+one');
    expect((await chain.load('100000000000000002'))?.source).toBe('one+two+three');
  });

  it.each<Record<string, string>>([
    { DATA_PROVIDERS: 'one,four' },
    { DATA_PROVIDERS: 'one', GUILD_PROVIDERS: `${guildId}=four` },
  ])('have to be there: %j', async (env) => {
    await expect(chainFor(env)).rejects.toMatchObject({
      name: 'StartupError',
      message: expect.stringContaining('there is no "four"; choose from mock, ') as string,
    });
  });
});
