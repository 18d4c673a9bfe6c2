import { codeBlock } from './discord-text.js';
import { type NotificationType } from './notification-type.js';
import { readPayload, text } from './payload-fields.js';

export const backupErrorType: NotificationType = {
  name: 'backup_error',
  render(payload) {
    const shape = {
      error_type: text('general'),
      error_message: text('Error desconocido'),
      codespace_name: text('Desconocido'),
    };
    const { error_type, error_message, codespace_name } = readPayload(shape, payload);
    return {
      title: titleOf(error_type),
      description: codeBlock(error_message),
      color: 0xff0000,
      fields: [
        { name: 'Codespace', value: codespace_name, inline: true },
        { name: 'Tipo', value: error_type, inline: true },
      ],
      footer: 'd0ce3|tools • Backup Monitor',
    };
  },
};

function titleOf(errorType: string): string {
  if (errorType.includes('compression')) return '📦 Error en Compresión de Backup';
  if (errorType.includes('upload')) return '☁️ Error en Subida a MEGA';
  return '❌ Error en Backup';
}
