import { describe, expect, it } from 'vitest';
import { aNotification, QueueBench, untilState } from './queue-fixture.js';

describe('a notification whose collapse key has no board', () => {
  const bench = new QueueBench();

  it('is a message of its own, and leaves the board of another one with its key alone', async () => {
    let sent = 0;
    bench.sender.answer = ({ edits }) => ({ kind: 'sent', messageId: edits ?? String((sent += 1)) });
    const running = await bench.start();
    const show = async (content: string, more: object = {}) => {
      const target = { channelId: '200000000000000001' };
      const { id } = await running.queue.publish({
        ...aNotification,
        target,
        message: { content },
        collapseKey: 'status',
        ...more,
      });
      await untilState(running, id, 'delivered');
    };
    await show('the board');
    await show('fired', { boarded: false });
    await show('fired again', { boarded: false });
    expect(sent).toBe(3);
    expect(await bench.rows('select message_id from notification_boards')).toEqual([{ message_id: '1' }]);
    await show('the board, edited');
    expect(sent).toBe(3);
  });
});
