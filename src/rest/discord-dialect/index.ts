import { EventQueueController } from './event-queue.controller.js';
import { MegacmdController } from './megacmd.controller.js';
import { QueueServiceController } from './queue-service.controller.js';
import { StoredEventsController } from './stored-events.controller.js';

/** The `/discord/*` event queue of older publishers and consumers, over the same notifications as `/api/v1`. */
export const discordDialect = [EventQueueController, StoredEventsController, QueueServiceController, MegacmdController];
