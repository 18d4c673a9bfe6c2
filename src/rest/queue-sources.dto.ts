import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const count = z.int().nonnegative();
const time = z.iso.datetime().nullable();

const source = z.object({
  name: z.string().describe('As it was named in QUEUE_SOURCES, or its host.'),
  state: z.enum(['idle', 'ok', 'failing']).describe('idle: no poll has ended yet.'),
  polled: count.describe('Events taken over.'),
  processed: count.describe('Events that the source knows to be delivered.'),
  failed: count.describe('Events that the source knows not to be delivered.'),
  malformed: count.describe('What was offered and could not be taken.'),
  waiting: count.describe('Taken over, and not delivered or given up yet.'),
  untold: count.describe('Delivered or given up, and the source does not know it yet.'),
  lastPoll: time.describe('When the source last answered a poll.'),
  lastError: z.string().nullable(),
  lastErrorAt: time,
});

export class QueueSourcesDto extends createZodDto(z.object({ sources: z.array(source) })) {}
