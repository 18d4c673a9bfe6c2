import { describe, expect, it } from 'vitest';
import { domainEventTypes, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { judge, showsChannel, showsEverything, showsMember, showsStranger } from '../../../src/domain/shown-filter.js';
import { memberOf, messageOf } from '../../support/events.js';

const guildId = '100000000000000001';
const ada = memberOf('200000000000000001', { roleIds: ['300000000000000001', '300000000000000002'] });

describe('what a filter shows', () => {
  it.each([
    ['nothing decided', {}, {}, true],
    ['hides', { hidden: new Set([ada.id]) }, {}, false],
    ['somebody else hides', { hidden: new Set(['200000000000000002']) }, {}, true],
    ['ignored', { ignoredUsers: new Set([ada.id]) }, {}, false],
    ['has an ignored role among others', { ignoredRoles: new Set(['300000000000000002']) }, {}, false],
    ['has other roles', { ignoredRoles: new Set(['300000000000000009']) }, {}, true],
    ['offline where offline members are hidden', { hideOffline: true }, { status: 'offline' }, false],
    ['idle where offline members are hidden', { hideOffline: true }, { status: 'idle' }, true],
    ['a bot where bots are hidden', { hideBots: true }, { bot: true }, false],
    ['a person where bots are hidden', { hideBots: true }, {}, true],
    ['one reason is enough', { hideBots: true, hideOffline: true }, { bot: true, status: 'online' }, false],
  ] as const)('a member: %s', (_, decided, fields, shown) => {
    expect(showsMember({ ...showsEverything, ...decided }, { ...ada, ...fields })).toBe(shown);
  });

  it.each([
    ['nothing decided', {}, {}, true],
    ['hides', { hidden: new Set([ada.id]) }, {}, false],
    ['ignored', { ignoredUsers: new Set([ada.id]) }, {}, false],
    ['roles cannot be told', { ignoredRoles: new Set(['300000000000000009']) }, {}, false],
    ['the status cannot be told', { hideOffline: true }, {}, false],
    ['perhaps a bot', { hideBots: true }, {}, false],
    ['a bot', { hideBots: true }, { bot: true }, false],
    ['a person', { hideBots: true }, { bot: false }, true],
  ] as const)('a stranger: %s', (_, decided, fields, shown) => {
    expect(showsStranger({ ...showsEverything, ...decided }, { id: ada.id, ...fields })).toBe(shown);
  });

  it('channels: all, those of a list, or none', () => {
    const channels = new Set(['400000000000000001']);
    expect(showsChannel(showsEverything, '400000000000000002')).toBe(true);
    expect(showsChannel({ ...showsEverything, channels }, '400000000000000001')).toBe(true);
    expect(showsChannel({ ...showsEverything, channels }, '400000000000000002')).toBe(false);
    expect(showsChannel({ ...showsEverything, channels: new Set() }, '400000000000000001')).toBe(false);
    expect(showsChannel({ ...showsEverything, channels, messages: false }, '400000000000000001')).toBe(false);
  });
});

describe('how an event is judged', () => {
  it('knows every type there is', () => {
    for (const type of domainEventTypes) {
      const data = { member: ada, author: ada, channelId: '400000000000000001' };
      expect(judge({ type, guildId, data } as unknown as NewDomainEvent), type).toBeDefined();
    }
  });

  it.each(['message.read', 'toString', '__proto__', ''])('knows nothing of the type "%s"', (type) => {
    expect(judge({ type, guildId, data: {} } as unknown as NewDomainEvent)).toBeUndefined();
  });

  it('takes a message as its author’s deed in its channel', () => {
    const message = messageOf(guildId, ada, 'hello', { channelId: '400000000000000001' });
    expect(judge(message)).toMatchObject({
      kind: 'deed',
      deed: { by: { id: ada.id }, channelId: '400000000000000001' },
    });
  });
});
