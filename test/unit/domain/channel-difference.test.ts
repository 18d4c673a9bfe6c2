import { describe, expect, it } from 'vitest';
import { type Channel } from '../../../src/domain/channel.js';
import { channelDifferences } from '../../../src/domain/channel-difference.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';

const guildId = '100000000000000001';
const general: Channel = { id: '300000000000000001', name: 'general', kind: 'text' };
const lounge: Channel = { id: '300000000000000002', name: 'lounge', kind: 'voice' };

const byId = (channels: Channel[]) => new Map(channels.map((channel) => [channel.id, channel]));

/** Whatever the events are, they have to lead from one to the other. */
function lead(before: Channel[], after: Channel[]): unknown[] {
  const state: GuildState = { name: '', iconUrl: null, members: new Map(), channels: byId(before), available: true };
  const events = channelDifferences(guildId, byId(before), after);
  for (const event of events) applyEvent(state, event);
  expect(state.channels).toEqual(byId(after));
  return events.map(({ type, guildId: of, data }) => (expect(of).toBe(guildId), [type, data]));
}

describe('what leads from the channels of a guild to those that are', () => {
  it('is nothing where nothing differs', () => {
    expect(lead([general, lounge], [{ ...lounge }, { ...general }])).toEqual([]);
  });

  it('is each that comes, goes or changes, with what was before', () => {
    expect(lead([general], [general, lounge])).toEqual([['channel.created', { channel: lounge }]]);
    expect(lead([general, lounge], [lounge])).toEqual([['channel.deleted', { channel: general }]]);
    const renamed = { ...general, name: 'square' };
    expect(lead([general], [renamed])).toEqual([
      ['channel.updated', { channel: renamed, previous: { name: 'general' } }],
    ]);
    const stage: Channel = { ...general, kind: 'voice' };
    expect(lead([general], [stage])).toEqual([['channel.updated', { channel: stage, previous: { kind: 'text' } }]]);
    expect(lead([general, lounge], [])).toHaveLength(2);
  });
});
