import { inlineCode } from './discord-text.js';
import { type Locale } from '../../domain/notification.js';
import { type NotificationType } from './notification-type.js';
import { number, readPayload, text } from './payload-fields.js';

const signs = new Map([
  ['online', '✅'],
  ['offline', '❌'],
  ['starting', '🔄'],
  ['stopping', '⏹️'],
]);
const words = {
  es: { server: 'Servidor Minecraft', players: 'Jugadores' },
  en: { server: 'Minecraft Server', players: 'Players' },
} satisfies Record<Locale, Record<string, string>>;
const usualPort = 25565;

export const minecraftStatusType: NotificationType = {
  name: 'minecraft_status',
  render(payload, locale) {
    const { server, players } = words[locale];
    const shape = {
      status: text('unknown'),
      ip: text(''),
      port: number(usualPort),
      players_online: number(0),
    };
    const { status, ip, port, players_online } = readPayload(shape, payload);
    const online = status === 'online';
    const address = port === usualPort ? ip : `${ip}:${port}`;
    return {
      title: `${signs.get(status) ?? '❓'} ${server} - ${status.toUpperCase()}`,
      color: online ? 0x00ff00 : 0xff0000,
      fields: [
        ...(ip === '' ? [] : [{ name: 'IP', value: inlineCode(address), inline: true }]),
        ...(online ? [{ name: players, value: String(players_online), inline: true }] : []),
      ],
    };
  },
};
