import { Injectable } from '@nestjs/common';
import { WaitingNotifications } from '../discord/commands/waiting-notifications.js';
import { QueueMetrics } from './queue.metrics.js';

/** What the bot's commands tell of the queue: as measured, at most some seconds ago. */
@Injectable()
export class QueueLength extends WaitingNotifications {
  constructor(private readonly metrics: QueueMetrics) {
    super();
  }

  async count(): Promise<number> {
    const { pending, leased } = await this.metrics.count();
    return pending + leased;
  }
}
