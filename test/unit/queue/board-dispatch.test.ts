import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type RenderedMessage, type SendOutcome } from '../../../src/domain/notification.js';
import { BoardDispatch } from '../../../src/queue/boards/board.dispatch.js';
import { type BoardRepository, type OpenBoard } from '../../../src/queue/boards/board.repository.js';
import { DeliveryChannel } from '../../../src/queue/delivery/delivery-channel.js';
import { DeliveryRegistry } from '../../../src/queue/delivery/delivery-registry.js';
import { type ClaimedNotification } from '../../../src/queue/lease.repository.js';

const sent: SendOutcome = { kind: 'sent', messageId: '1' };
const gone: SendOutcome = { kind: 'retry', reason: 'gone', burnsAttempt: true, gone: true };
const message = { content: 'x' };
const notification = {
  id: '1',
  nonce: 'own',
  collapseKey: 'k',
  publisher: 'p',
  destination: 'd',
} as ClaimedNotification;

/** Cannot edit; what it does is written down. */
class Plain extends DeliveryChannel {
  readonly name: string = 'test';
  repeatable = true;
  readonly done: string[] = [];

  place(): undefined {}

  accepts(): boolean {
    return true;
  }

  deliver({ nonce }: ClaimedNotification): Promise<SendOutcome> {
    this.done.push(`send ${nonce}`);
    return Promise.resolve(sent);
  }
}

class Editing extends Plain {
  answer: SendOutcome = sent;

  override edit(
    _notification: ClaimedNotification,
    messageId: string,
    _message: RenderedMessage,
  ): Promise<SendOutcome> {
    this.done.push(`edit ${messageId}`);
    return Promise.resolve(this.answer);
  }
}

class Boards {
  board: OpenBoard = { messageId: null, nonce: 'own' };
  away = new Set<string>();
  readonly open = (): Promise<OpenBoard> => this.answer('open');
  readonly renew = (): Promise<OpenBoard> => {
    this.board = { messageId: null, nonce: 'own' };
    return this.answer('renew');
  };
  readonly remember = (): Promise<OpenBoard> => this.answer('remember');

  private answer(what: string): Promise<OpenBoard> {
    return this.away.has(what) ? Promise.reject(new Error('away')) : Promise.resolve(this.board);
  }
}

describe('what goes out', () => {
  let channel: Editing;
  let boards: Boards;
  let dispatch: BoardDispatch;
  const begin = vi.fn(() => Promise.resolve(true));
  const deliver = (to: DeliveryChannel = channel, given = notification) => dispatch.deliver(to, given, message, begin);
  const away = { kind: 'retry', reason: 'the database is away', burnsAttempt: false, retryAfterMs: 1_000 };

  beforeEach(() => {
    channel = new Editing();
    boards = new Boards();
    dispatch = new BoardDispatch(new DeliveryRegistry([channel]), boards as unknown as BoardRepository);
    begin.mockReset().mockResolvedValue(true);
  });

  it('is each notification of a channel that cannot edit', async () => {
    const plain = new Plain();
    boards.board.messageId = '1';
    await deliver(plain);
    await deliver(plain);
    expect(plain.done).toEqual(['send own', 'send own']);
  });

  it('is each notification without a key', async () => {
    boards.board.messageId = '1';
    await deliver(channel, { ...notification, collapseKey: null });
    expect(channel.done).toEqual(['send own']);
  });

  it('is the first one of a board, and an edit after that, before which nobody is asked to begin', async () => {
    expect(await deliver()).toEqual(sent);
    expect(begin).toHaveBeenCalledOnce();
    boards.board = { messageId: '7', nonce: 'earlier' };
    expect(await deliver()).toEqual(sent);
    expect(channel.done).toEqual(['send own', 'edit 7']);
    expect(begin).toHaveBeenCalledOnce();
  });

  it('is a new message where the one to be edited is gone, whether other tries would help or not', async () => {
    boards.board = { messageId: '7', nonce: 'earlier' };
    channel.answer = gone;
    expect(await deliver()).toEqual(sent);
    expect(channel.done).toEqual(['edit 7', 'send own']);
  });

  it('is sent by the nonce of an earlier one of which nobody knows, and shows the newer one then', async () => {
    boards.board.nonce = 'earlier';
    expect(await deliver()).toEqual(sent);
    expect(channel.done).toEqual(['send earlier', 'edit 1']);
  });

  it('is a new message where that of the earlier one is gone', async () => {
    boards.board.nonce = 'earlier';
    channel.answer = gone;
    expect(await deliver()).toEqual(sent);
    expect(channel.done).toEqual(['send earlier', 'edit 1', 'send own']);
  });

  it('is not edited again where the channel knows no nonce', async () => {
    boards.board.nonce = 'earlier';
    channel.repeatable = false;
    await deliver();
    expect(channel.done).toEqual(['send earlier']);
  });

  it.each(['open', 'renew', 'remember'])('waits while the database is away (%s)', async (what) => {
    boards.away.add(what);
    if (what === 'renew') boards.board.messageId = '7';
    if (what === 'remember') boards.board.nonce = 'earlier';
    channel.answer = gone;
    expect(await deliver()).toEqual(away);
    const done = { open: [], renew: ['edit 7'], remember: ['send earlier'] };
    expect(channel.done).toEqual(done[what as keyof typeof done]);
  });

  it.each([notification, { ...notification, collapseKey: null }])('is nothing that may not begin', async (given) => {
    begin.mockResolvedValue(false);
    expect(await deliver(channel, given)).toEqual(away);
    expect(channel.done).toEqual([]);
  });
});
