import { GuildSettings1700000000001 } from './1700000000001-guild-settings.js';
import { Notifications1700000000002 } from './1700000000002-notifications.js';
import { GuildAlertRules1700000000003 } from './1700000000003-guild-alert-rules.js';
import { GuildStore1700000000004 } from './1700000000004-guild-store.js';
import { ShownMembers1700000000005 } from './1700000000005-shown-members.js';
import { GuildPasswords1700000000006 } from './1700000000006-guild-passwords.js';
import { VisitorSessions1700000000007 } from './1700000000007-visitor-sessions.js';
import { NotificationTargets1700000000008 } from './1700000000008-notification-targets.js';
import { PulledNotifications1700000000009 } from './1700000000009-pulled-notifications.js';
import { NotificationOptions1700000000010 } from './1700000000010-notification-options.js';
import { NotificationRoutes1700000000011 } from './1700000000011-notification-routes.js';
import { NotificationTemplates1700000000012 } from './1700000000012-notification-templates.js';
import { RemoteSources1700000000013 } from './1700000000013-remote-sources.js';
import { WebhookEndpoints1700000000014 } from './1700000000014-webhook-endpoints.js';
import { BoardsAndDigests1700000000015 } from './1700000000015-boards-and-digests.js';
import { NotificationDestinations1700000000016 } from './1700000000016-notification-destinations.js';
import { QueueOperations1700000000017 } from './1700000000017-queue-operations.js';
import { AttemptsOfNotifications1700000000018 } from './1700000000018-attempts-of-notifications.js';
import { LeanerQueue1700000000019 } from './1700000000019-leaner-queue.js';
import { DueByWay1700000000020 } from './1700000000020-due-by-way.js';
import { PublishersMayMention1700000000021 } from './1700000000021-publishers-may-mention.js';
import { LaneTurns1700000000023 } from './1700000000023-lane-turns.js';

/** All migrations, in the order in which they run. Once released, a migration is never changed: add another. */
export const migrations = [
  GuildSettings1700000000001,
  Notifications1700000000002,
  GuildAlertRules1700000000003,
  GuildStore1700000000004,
  ShownMembers1700000000005,
  GuildPasswords1700000000006,
  VisitorSessions1700000000007,
  NotificationTargets1700000000008,
  PulledNotifications1700000000009,
  NotificationOptions1700000000010,
  NotificationRoutes1700000000011,
  NotificationTemplates1700000000012,
  RemoteSources1700000000013,
  WebhookEndpoints1700000000014,
  BoardsAndDigests1700000000015,
  NotificationDestinations1700000000016,
  QueueOperations1700000000017,
  AttemptsOfNotifications1700000000018,
  LeanerQueue1700000000019,
  DueByWay1700000000020,
  PublishersMayMention1700000000021,
  LaneTurns1700000000023,
];
