import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { destinationStates } from '../queue/destinations/destination.repository.js';

const name = z
  .string()
  .regex(/^[a-z]+:[\x21-\x7e]{1,200}$/, 'must be a target such as user:<id>, channel:<id> or webhook:<id>');

const query = z.strictObject({
  state: z.enum(destinationStates).optional().describe('Those that stand so alone.'),
  after: name.optional().describe('Those whose names come after this one.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export class DestinationsQuery extends createZodDto(query) {}

export class DestinationParams extends createZodDto(z.object({ destination: name })) {}

const destination = z.object({
  destination: z.string().describe('`user:<id>`, `channel:<id>`, `webhook:<id>`, and so on; never a secret.'),
  state: z
    .enum(destinationStates)
    .describe('failing: it gets all there is · paused: one try at a time, after a pause each · off: nothing.'),
  failures: z.int().describe('In a row.'),
  failingSince: z.iso.datetime(),
  failedAt: z.iso.datetime().describe('The last time.'),
  lastReason: z.string(),
  nextTryAt: z.iso.datetime().nullable().describe('Of a paused one.'),
  offAt: z.iso.datetime().nullable(),
  ownerToldAt: z.iso.datetime().nullable().describe('When the route of QUEUE_OWNER_ROUTE was told.'),
  waiting: z.int().describe('Notifications that wait for it.'),
});
export class DestinationList extends createZodDto(z.object({ destinations: z.array(destination) })) {}
