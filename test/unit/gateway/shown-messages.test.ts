import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { type Member } from '../../../src/domain/member.js';
import { memberOf, messageOf } from '../../support/events.js';
import { guildId, ShownBench } from './shown-bench.js';

const ada = memberOf('200000000000000001', { username: 'ada', displayName: 'Countess' });
const bob = memberOf('200000000000000002', { status: 'offline' });

const updateOf = (member: Member): NewDomainEvent => ({
  type: 'member.updated',
  guildId,
  data: { member, previous: {} },
});

let bench: ShownBench;
beforeEach(() => {
  bench = new ShownBench([ada, bob]);
});
afterEach(() => bench.end());

describe('messages', () => {
  const say = async (author: Member, content: string, channelId: string) => {
    await bench.say(messageOf(guildId, author, content, { channelId }));
    return bench.heard();
  };
  const [here, there] = ['400000000000000001', '400000000000000002'];
  beforeEach(() => bench.open());

  it('come from the channels of the list, or from none', async () => {
    bench.filters.decide(guildId, { channels: [here] });
    expect(await say(ada, 'a', here)).toHaveLength(1);
    expect(await say(ada, 'b', there)).toEqual([]);
    bench.filters.decide(guildId, { messages: false });
    expect(await say(ada, 'c', here)).toEqual([]);
    bench.filters.decide(guildId, { messages: true, channels: null });
    expect(await say(ada, 'd', there)).toHaveLength(1);
    expect(await bench.shownIds()).toHaveLength(2);
  });

  it.each([
    ['ask @Countess and @ada, @Counter', 'ask @unknown-user and @unknown-user, @Counter'],
    ['the Countess is nobody’s secret word', 'the Countess is nobody’s secret word'],
    ['@Countess@Countess', '@unknown-user@unknown-user'],
  ])('do not address who hides: %s', async (content, expected) => {
    bench.filters.hide(guildId, ada.id);
    bench.heard();
    await bench.say(messageOf(guildId, bob, content));
    expect(bench.told).toMatchObject([{ data: { content: expected } }]);
  });

  it('address nobody by a name that they took while they hid', async () => {
    bench.filters.hide(guildId, ada.id);
    await bench.say(messageOf(guildId, bob, '@Countess'));
    await bench.say(updateOf({ ...ada, displayName: 'Lovelace' }));
    bench.heard();
    await bench.say(messageOf(guildId, bob, 'hello @Lovelace'));
    expect(bench.told).toMatchObject([{ data: { content: 'hello @unknown-user' } }]);
  });
});
