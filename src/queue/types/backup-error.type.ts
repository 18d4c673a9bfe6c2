import { codeBlock } from './discord-text.js';
import { type Locale } from '../../domain/notification.js';
import { type NotificationType } from './notification-type.js';
import { readPayload, text } from './payload-fields.js';

const words = {
  es: {
    compression: '📦 Error en Compresión de Backup',
    upload: '☁️ Error en Subida a MEGA',
    other: '❌ Error en Backup',
    noMessage: 'Error desconocido',
    nameless: 'Desconocido',
    type: 'Tipo',
  },
  en: {
    compression: '📦 Backup Compression Error',
    upload: '☁️ MEGA Upload Error',
    other: '❌ Backup Error',
    noMessage: 'Unknown error',
    nameless: 'Unknown',
    type: 'Type',
  },
} satisfies Record<Locale, Record<string, string>>;

export const backupErrorType: NotificationType = {
  name: 'backup_error',
  render(payload, locale) {
    const { noMessage, nameless, type } = words[locale];
    const shape = { error_type: text('general'), error_message: text(noMessage), codespace_name: text(nameless) };
    const { error_type, error_message, codespace_name } = readPayload(shape, payload);
    return {
      title: titleOf(error_type, locale),
      description: codeBlock(error_message),
      color: 0xff0000,
      fields: [
        { name: 'Codespace', value: codespace_name, inline: true },
        { name: type, value: error_type, inline: true },
      ],
      footer: 'd0ce3|tools • Backup Monitor',
    };
  },
};

function titleOf(errorType: string, locale: Locale): string {
  const { compression, upload, other } = words[locale];
  if (errorType.includes('compression')) return compression;
  return errorType.includes('upload') ? upload : other;
}
