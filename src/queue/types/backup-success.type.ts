import { inlineCode } from './discord-text.js';
import { type NotificationType } from './notification-type.js';
import { number, readPayload, text } from './payload-fields.js';

export const backupSuccessType: NotificationType = {
  name: 'backup_success',
  render(payload) {
    const shape = {
      backup_file: text('Desconocido'),
      size_mb: number(0),
      duration_seconds: number(0),
      codespace_name: text('Desconocido'),
    };
    const { backup_file, size_mb, duration_seconds, codespace_name } = readPayload(shape, payload);
    return {
      title: '✅ Backup Completado',
      color: 0x00ff00,
      fields: [
        { name: 'Archivo', value: inlineCode(backup_file), inline: false },
        { name: 'Tamaño', value: `${rounded(size_mb)} MB`, inline: true },
        { name: 'Duración', value: `${rounded(duration_seconds)}s`, inline: true },
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
