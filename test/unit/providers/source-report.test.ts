import { describe, expect, it } from 'vitest';
import { ProviderChain } from '../../../src/providers/provider-chain.js';
import { ScriptedSource } from './scripted-source.js';

describe('the report of the sources', () => {
  it('tells how many guilds a source knows, or in its own words why it does not tell', async () => {
    const good = new ScriptedSource();
    const broken = new ScriptedSource();
    broken.answering = () => Promise.reject(new Error('the tape is torn'));
    const chain = new ProviderChain([good.guarded(), broken.guarded()]);
    expect(await chain.examine()).toEqual([
      { name: 'scripted', guilds: 1, tookMs: expect.any(Number) as number },
      { name: 'scripted', fault: 'the tape is torn', tookMs: expect.any(Number) as number },
    ]);
  });

  it('is true though the source told guilds before', async () => {
    const source = new ScriptedSource();
    const guarded = source.guarded();
    expect(await guarded.list()).toHaveLength(1);
    source.answering = () => Promise.reject(new Error('out'));
    expect(await guarded.examine()).toMatchObject({ fault: 'out' });
    expect(await guarded.examine()).not.toHaveProperty('guilds');
  });

  it('costs a question of the minute, and a source that may not be asked is busy rather than broken', async () => {
    const source = new ScriptedSource();
    const guarded = source.guarded({ perMinute: 2 });
    expect(await guarded.examine()).toMatchObject({ guilds: 1 });
    const again = await guarded.examine();
    expect(again).toMatchObject({ busy: true, fault: 'has been asked as often as it may be, 2 times in a minute' });
    expect(source.questions).toEqual(['list']);
  });
});
