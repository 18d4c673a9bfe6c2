import { titleCase } from './discord-text.js';
import { type Locale } from '../../domain/notification.js';
import { type NotificationType } from './notification-type.js';
import { readPayload, record, text } from './payload-fields.js';

const signs = new Map([
  ['started', '▶️'],
  ['stopped', '⏹️'],
  ['error', '❌'],
]);
const nameless = { es: 'Desconocido', en: 'Unknown' } satisfies Record<Locale, string>;

export const codespaceStatusType: NotificationType = {
  name: 'codespace_status',
  render(payload, locale) {
    const shape = { action: text('unknown'), codespace_name: text(nameless[locale]), details: record() };
    const { action, codespace_name, details } = readPayload(shape, payload);
    return {
      title: `${signs.get(action) ?? '🔔'} Codespace ${action.toUpperCase()}`,
      description: `**${codespace_name}**`,
      color: action === 'started' ? 0x00ff00 : 0xff0000,
      fields: Object.entries(details).map(([key, value]) => ({
        name: titleCase(key),
        value: written(value),
        inline: true,
      })),
    };
  },
};

/** As the Python clients of this type write their values. */
function written(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
