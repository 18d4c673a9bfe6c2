import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { NotificationAnnouncer } from '../../../src/queue/notification-announcer.js';

const guildId = '900000000000000001';
const data = { id: '1', type: 'x', target: 'user' as const, attempts: 0 };

describe('the announcer', () => {
  const log = new MemoryEventLog({ historySize: 10, historyAge: 60_000 });
  const events: DomainEvent[] = [];
  let announcer: NotificationAnnouncer;
  let unsubscribe: () => void;
  beforeEach(() => {
    announcer = new NotificationAnnouncer(log);
    events.length = 0;
    unsubscribe = log.subscribe((event) => events.push(event));
  });
  afterEach(() => unsubscribe());

  const types = () => events.map(({ type }) => type);

  it('tells of the acceptance first, even when the delivery is known earlier', async () => {
    let stored: (value: typeof data) => void = () => undefined;
    announcer.accepting(guildId, 'a', new Promise((resolve) => (stored = resolve)));
    announcer.tell(guildId, 'a', 'retrying', data);
    announcer.tell(guildId, 'a', 'delivered', data);
    announcer.tell(guildId, 'b', 'dead', data);
    await vi.waitFor(() => expect(types()).toEqual(['notification.dead']));
    stored(data);
    await vi.waitFor(() =>
      expect(types().slice(1)).toEqual(['notification.accepted', 'notification.retrying', 'notification.delivered']),
    );
  });

  it('tells nothing of what was not stored', async () => {
    announcer.accepting(guildId, 'a', Promise.resolve(undefined));
    announcer.accepting(guildId, 'b', Promise.reject(new Error('no database')));
    announcer.tell(guildId, 'a', 'dead', data);
    announcer.tell(guildId, 'b', 'dead', data);
    await vi.waitFor(() => expect(types()).toEqual(['notification.dead', 'notification.dead']));
  });

  it('goes on when the log refuses an event', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const append = vi.spyOn(log, 'append').mockRejectedValueOnce(new Error('log is away'));
    announcer.tell(guildId, 'a', 'retrying', data);
    announcer.tell(guildId, 'a', 'delivered', data);
    await vi.waitFor(() => expect(types()).toEqual(['notification.delivered']));
    expect(warned).toHaveBeenCalledOnce();
    append.mockRestore();
    warned.mockRestore();
  });
});
