import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConfirmationRepository } from '../../../src/queue/confirmation/confirmation.repository.js';
import { SentConfirmations } from '../../../src/queue/confirmation/sent-confirmations.js';
import { type NotificationAnnouncer } from '../../../src/queue/notification-announcer.js';
import { type NotificationRenderer } from '../../../src/queue/types/notification-renderer.js';

type Confirm = ConfirmationRepository['confirm'];

describe('what waits to be confirmed', () => {
  let confirm: ReturnType<typeof vi.fn<Confirm>>;
  let confirmations: SentConfirmations;
  const noted = () => confirm.mock.calls.flatMap(([, echoes]) => echoes.map(({ key }) => key));
  const echo = (nonce: string) => ({ messageId: '1', nonce });

  beforeEach(() => {
    vi.useFakeTimers();
    confirm = vi.fn<Confirm>().mockResolvedValue([]);
    confirmations = new SentConfirmations(
      { confirm } as unknown as ConfirmationRepository,
      {} as NotificationAnnouncer,
      {} as NotificationRenderer,
    );
  });
  afterEach(() => vi.useRealTimers());

  it('is noted at the end, however much it is', async () => {
    for (let n = 0; n < 1_200; n += 1) confirmations.botWrote(echo(`n${n}`));
    await confirmations.beforeApplicationShutdown();
    expect(noted()).toHaveLength(1_200);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not keep the process from its end while the database is away', async () => {
    let fail = (): void => undefined;
    confirm.mockImplementation(() => new Promise((_, reject) => (fail = () => reject(new Error('away')))));
    confirmations.botWrote(echo('n'));
    await vi.advanceTimersByTimeAsync(100);
    expect(confirm).toHaveBeenCalledTimes(1);
    confirm.mockRejectedValue(new Error('away'));
    const ended = confirmations.beforeApplicationShutdown();
    fail();
    await ended;
    confirmations.botWrote(echo('later'));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not held up by what cannot be a notification of ours', async () => {
    confirm.mockImplementation((_, echoes) =>
      echoes.some(({ key }) => key.includes('\0')) ? Promise.reject(new Error('invalid byte')) : Promise.resolve([]),
    );
    confirmations.botWrote(echo('\0'));
    confirmations.botWrote(echo('ours'));
    await vi.advanceTimersByTimeAsync(100);
    expect(noted()).toEqual(['ours']);
  });
});
