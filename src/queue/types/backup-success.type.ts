import { inlineCode } from './discord-text.js';
import { type Locale } from '../../domain/notification.js';
import { type NotificationType } from './notification-type.js';
import { number, readPayload, text } from './payload-fields.js';

const words = {
  es: {
    title: '✅ Backup Completado',
    file: 'Archivo',
    size: 'Tamaño',
    duration: 'Duración',
    nameless: 'Desconocido',
  },
  en: {
    title: '✅ Backup Completed',
    file: 'File',
    size: 'Size',
    duration: 'Duration',
    nameless: 'Unknown',
  },
} satisfies Record<Locale, Record<string, string>>;

export const backupSuccessType: NotificationType = {
  name: 'backup_success',
  render(payload, locale) {
    const { title, file, size, duration, nameless } = words[locale];
    const shape = {
      backup_file: text(nameless),
      size_mb: number(0),
      duration_seconds: number(0),
      codespace_name: text(nameless),
    };
    const { backup_file, size_mb, duration_seconds, codespace_name } = readPayload(shape, payload);
    return {
      title,
      color: 0x00ff00,
      fields: [
        { name: file, value: inlineCode(backup_file), inline: false },
        { name: size, value: `${rounded(size_mb)} MB`, inline: true },
        { name: duration, value: `${rounded(duration_seconds)}s`, inline: true },
        { name: 'Codespace', value: codespace_name, inline: true },
      ],
      footer: 'd0ce3|tools • Backup Monitor',
    };
  },
};

/** Two decimals at most. */
function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
