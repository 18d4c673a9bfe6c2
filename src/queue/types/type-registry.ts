import { backupErrorType } from './backup-error.type.js';
import { backupSuccessType } from './backup-success.type.js';
import { codespaceStatusType } from './codespace-status.type.js';
import { digestType } from './digest.type.js';
import { minecraftStatusType } from './minecraft-status.type.js';
import { noteTypes } from './note.type.js';
import { type NotificationType } from './notification-type.js';

/** A new type is one line here and its file. */
export const builtInTypes: readonly NotificationType[] = [
  backupErrorType,
  backupSuccessType,
  minecraftStatusType,
  codespaceStatusType,
  ...noteTypes,
  digestType,
];

const byName = new Map(builtInTypes.map((type) => [type.name, type]));

export function builtInType(name: string): NotificationType | undefined {
  return byName.get(name);
}
