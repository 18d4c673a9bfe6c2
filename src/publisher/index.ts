import { Publisher } from './publisher.js';
import { type PublisherSettings, resolveSettings } from './publisher-settings.js';
import { type Environment } from './webhook-address.js';

/**
 * A publisher for one Guildcast. What the environment says comes first, then the settings (an object, or the path of a
 * JSON file that holds one), then defaults. Give `{}` as the environment to leave that of the process alone.
 * @throws PublishError `settings`
 */
export function createPublisher(
  settings: PublisherSettings | string = {},
  environment: Environment = process.env,
): Publisher {
  return new Publisher(resolveSettings(settings, environment));
}

export { PublishError, type PublishErrorDetails, type PublishFailure } from './publish-error.js';
export { type Publisher } from './publisher.js';
export { type PublisherSettings } from './publisher-settings.js';
export { type PublisherStatus } from './publisher-status.js';
export { type BackupError, type BackupSuccess, type CodespaceStatus, type MinecraftStatus } from './event-payloads.js';
export { type Mentions, type Notification, type Published, type PublishOptions, type Target } from './notification.js';
export { type Flushed } from './outbox.js';
export { type Wire } from './letter.js';
