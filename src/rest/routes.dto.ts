import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { locales, notificationTarget, priorities } from '../domain/notification.js';
import { deliveryModes } from '../queue/delivery-mode.js';
import { hookSecret, routeName, routeRequest } from '../queue/routes/route-request.js';

export class RouteParams extends createZodDto(z.object({ name: routeName })) {}

export class RouteBody extends createZodDto(routeRequest) {}

export class HookSecretBody extends createZodDto(hookSecret) {}

const route = z.object({
  name: z.string(),
  description: z.string(),
  target: notificationTarget,
  fallback: notificationTarget.nullable(),
  guildId: z.string().nullable(),
  delivery: z.enum(deliveryModes).nullable(),
  priority: z.enum(priorities).nullable(),
  locale: z.enum(locales).nullable(),
  floodLimit: z.int().nullable().describe('Null: QUEUE_FLOOD_LIMIT. 0: nothing is held.'),
  floodSeconds: z.int().nullable().describe('Null: QUEUE_FLOOD_WINDOW_SECONDS.'),
  hooks: z.array(z.string()).describe('Kinds of hook whose secret is kept.'),
  formerHookSecrets: z
    .array(z.object({ kind: z.string(), until: z.iso.datetime() }))
    .describe('Kinds of hook whose former secret is good too, and until when.'),
  paused: z.boolean(),
  pausedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export class RouteDto extends createZodDto(route) {}

export class RouteListDto extends createZodDto(z.object({ routes: z.array(route) })) {}
