import { type RenderedMessage } from '../../domain/notification.js';
import { backupErrorType } from './backup-error.type.js';
import { backupSuccessType } from './backup-success.type.js';
import { codespaceStatusType } from './codespace-status.type.js';
import { renderGeneric } from './generic.type.js';
import { minecraftStatusType } from './minecraft-status.type.js';
import { type NotificationType } from './notification-type.js';

/** A new type is one line here and its file. */
export const builtInTypes: readonly NotificationType[] = [
  backupErrorType,
  backupSuccessType,
  minecraftStatusType,
  codespaceStatusType,
];

const byName = new Map(builtInTypes.map((type) => [type.name, type]));

export function builtInType(name: string): NotificationType | undefined {
  return byName.get(name);
}

/** The message of a notification; `at` is the moment it is sent. Any type and payload has one. */
export function renderNotification(type: string, payload: unknown, at: Date): RenderedMessage {
  const embed = builtInType(type)?.render(payload, 'es') ?? renderGeneric(type, payload);
  return { embeds: [{ ...embed, timestamp: at.toISOString() }] };
}
