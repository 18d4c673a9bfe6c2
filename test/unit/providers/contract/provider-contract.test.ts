import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ProviderContractOptions } from '../../../../src/providers/contract/contract-options.js';
import { providerContract } from '../../../../src/providers/contract/provider-contract.js';
import { type SourceMember } from '../../../../src/providers/data-provider.js';
import { type SourcePlugin } from '../../../../src/providers/source-plugin.js';
import { good, guildId, newWorld, options, telling, verdict, withMember, world } from './good-source.js';

beforeEach(newWorld);

describe('the contract of a source', () => {
  it('is kept by a good one, whatever of it can be tried', async () => {
    expect(await verdict(options())).toBeUndefined();
    expect(await verdict({ open: good, guildId })).toBeUndefined();
    expect(await verdict({ ...options(), mendIt: undefined })).toBeUndefined();
    world.broken = false;
    expect(await verdict(options((source) => ({ ...source, watch: undefined })))).toBeUndefined();
  });

  it('has checks for what can be tried alone, each with a name of its own', () => {
    const names = (given: ProviderContractOptions) => providerContract(given).map(({ name }) => name);
    expect(new Set(names(options())).size).toBe(11);
    expect(names({ open: good, guildId })).toHaveLength(9);
    expect(names({ ...options(), mendIt: undefined }).at(-1)).toBe('throws while it is broken');
  });

  it('closes every source that it opened, also where a check failed', async () => {
    const open = new Set<number>();
    let made = 0;
    const counting = (source: SourcePlugin) => {
      const number = (made += 1);
      open.add(number);
      return { ...source, close: () => open.delete(number) };
    };
    expect(await verdict(options(counting))).toBeUndefined();
    expect(made).toBeGreaterThan(9);
    expect(open.size).toBe(0);
    expect(
      await verdict(options((source) => withMember({ status: 'away' })(counting(source) as SourcePlugin))),
    ).toBeDefined();
    expect(open.size).toBe(0);
  });

  it('takes everything that Guildcast takes', async () => {
    const more = {
      roleColor: 0x5865f2,
      joinedAt: new Date(0),
      roleIds: ['400000000000000001'],
      avatarUrl: null,
      bot: true,
    };
    expect(await verdict(options(withMember(more)))).toBeUndefined();
    const byId = telling(({ guild }) => ({
      guild,
      members: { '200000000000000001': { ...world.members[0], id: undefined } },
    }));
    expect(await verdict(options(byId))).toBeUndefined();
    const aged = telling((told) => ({ ...told, stale: true, asOf: '2026-01-31T12:00:00Z' }));
    expect(await verdict(options(aged))).toBeUndefined();
    const shuffled = telling((told) => ({
      ...told,
      members: [...(told.members as SourceMember[]), { id: '200000000000000002', username: 'bob' }].sort(
        () => Math.random() - 0.5,
      ),
    }));
    expect(await verdict(options(shuffled))).toBeUndefined();
  });

  it('sees what is still open after the end, and waits for what is about to end', async () => {
    let timer: NodeJS.Timeout | undefined;
    const holding = (source: SourcePlugin) => {
      timer = setInterval(() => undefined, 60_000);
      return { ...source, close: () => (leak ? undefined : void setTimeout(() => clearInterval(timer), 50)) };
    };
    let leak = true;
    const check = providerContract(options(holding)).find(({ name }) => name === 'holds nothing after it was closed')!;
    await expect(check.run()).rejects.toThrow('After close() something that it began is still open (1 Timeout)');
    clearInterval(timer);
    leak = false;
    await check.run();
  });
});

it.each<[string, () => Promise<() => unknown>]>([
  [
    'FSEVENTWRAP',
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'guildcast-contract-'));
      const watcher = watch(folder);
      return async () => {
        watcher.close();
        await rm(folder, { recursive: true });
      };
    },
  ],
  [
    'TCPSERVERWRAP',
    async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return () => server.close();
    },
  ],
])('what is still open is named: %s', async (kind, begin) => {
  let end: (() => unknown) | undefined;
  const open = async () => {
    end = await begin();
    return good();
  };
  const check = providerContract({ ...options(), open }).find(({ name }) => name.startsWith('holds nothing'))!;
  await expect(check.run()).rejects.toThrow(`still open (1 ${kind})`);
  await end?.();
  // What others open meanwhile is theirs.
  const others = setInterval(() => setTimeout(() => undefined, 10_000).unref(), 1);
  await providerContract(options())
    .find(({ name }) => name === check.name)!
    .run();
  clearInterval(others);
});

it('what does not keep the process alive may stay', async () => {
  let timer: NodeJS.Timeout | undefined;
  const open = () => {
    timer = setInterval(() => undefined, 60_000).unref();
    return good();
  };
  await providerContract({ ...options(), open })
    .find(({ name }) => name.startsWith('holds nothing'))!
    .run();
  clearInterval(timer);
});
