import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { notificationStates, notificationTarget } from '../domain/notification.js';
import { attemptOutcomes } from '../queue/notification.entity.js';
import { publishRequest } from '../queue/publish-request.js';

export class PublishNotificationDto extends createZodDto(publishRequest) {}

const acceptedNotification = z.object({
  id: z.string(),
  state: z.enum(notificationStates),
  links: z.object({ self: z.string().describe('Where its state can be read.') }),
});
export class AcceptedNotificationDto extends createZodDto(acceptedNotification) {}

const notificationStatus = z.object({
  id: z.string(),
  type: z.string(),
  target: notificationTarget,
  guildId: z.string().nullable(),
  state: z
    .enum(notificationStates)
    .describe(
      'pending: waits for its time; leased: being tried; delivered; dead: given up, see reason; ' +
        'unknown: sent, and whether it arrived cannot be known',
    ),
  attempts: z.array(
    z.object({
      attempt: z.int().positive(),
      at: z.iso.datetime(),
      outcome: z
        .enum(attemptOutcomes)
        .describe('postponed tries do not count and share one entry; abandoned: the process that tried fell silent'),
      reason: z.string().optional(),
    }),
  ),
  createdAt: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().nullable().describe('Only while it is pending.'),
  deliveredAt: z.iso.datetime().nullable(),
  reason: z.string().nullable().describe('Why it is dead, or why the last try did not succeed.'),
});
export class NotificationStatusDto extends createZodDto(notificationStatus) {}
