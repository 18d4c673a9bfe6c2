import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { notificationStates, notificationTarget, priorities } from '../domain/notification.js';
import { attemptOutcomes } from '../queue/notification.entity.js';
import { publishBatch, publishRequest } from '../queue/publish-request.js';

export class PublishNotificationDto extends createZodDto(publishRequest) {}
export class PublishBatchItemDto extends createZodDto(publishBatch.element) {}

const acceptedNotification = z.object({
  id: z.string(),
  state: z.enum(notificationStates),
  links: z.object({ self: z.string().describe('Where its state can be read.') }),
});
export class AcceptedNotificationDto extends createZodDto(acceptedNotification) {}
export class AcceptedBatchDto extends createZodDto(z.object({ notifications: z.array(acceptedNotification) })) {}

const notificationStatus = z.object({
  id: z.string(),
  type: z.string(),
  route: z.string().nullable(),
  target: notificationTarget,
  guildId: z.string().nullable(),
  state: z
    .enum(notificationStates)
    .describe(
      'pending: waits for its time; leased: being tried; delivered; dead: given up, see reason; ' +
        'unknown: sent, and whether it arrived cannot be known; superseded: another one took its place',
    ),
  priority: z.enum(priorities),
  groupKey: z.string().nullable(),
  collapseKey: z.string().nullable(),
  heldBy: z
    .enum(['group', 'paused', 'off', 'digest'])
    .nullable()
    .describe(
      'Why it is not tried though it is pending; group: an earlier one of its group comes first; paused: its route ' +
        'is paused; off: its target is switched off; digest: a digest will tell it',
    ),
  fallback: notificationTarget.nullable().describe('Where it goes if the target refuses it.'),
  expiresAt: z.iso.datetime().nullable(),
  supersededBy: z.string().nullable().describe('The id of the one that took its place.'),
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
  confirmedAt: z.iso.datetime().nullable().describe('When Discord told of the message by itself.'),
  reason: z.string().nullable().describe('Why it is dead, or why the last try did not succeed.'),
});
export class NotificationStatusDto extends createZodDto(notificationStatus) {}
