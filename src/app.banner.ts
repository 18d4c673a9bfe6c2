import { type DiscordStatus } from './discord/discord-status.js';

export interface BannerFacts {
  version: string;
  /** The address of the page, without a slash at its end. */
  url: string;
  sources: readonly string[];
  /** Where the data lives, without secrets. */
  data: string;
  adminKey: { file: string; created: boolean } | undefined;
}

/** What a newcomer needs to know once the process listens. */
export function banner({ version, url, sources, data, adminKey }: BannerFacts): string {
  const socket = url.replace(/^http/, 'ws');
  const demo = sources.includes('mock') ? ' (demo guilds)' : '';
  const lines = [
    ['Open', `${url}/`],
    ['socket.io', url],
    ['WebSocket', `${socket}/ws (d-zone)`],
    ['SSE, REST', `${url}/api/v1/guilds (docs: ${url}/docs)`],
    ['Guilds from', sources.join(', ') + demo],
    ['Data in', data],
    ...(adminKey ? [['Admin key', `${adminKey.file}${adminKey.created ? ' (made just now)' : ''}`]] : []),
  ];
  const rows = lines.map(([label = '', text = '']) => `  ${label.padEnd(12)}${text}`);
  return ['', `  Guildcast ${version} is running. Ctrl-C stops it.`, '', ...rows, ''].join('\n');
}

/** For an operator whose bot is in guilds that nobody chose to show. */
export function hiddenGuildsNotice(status: DiscordStatus): string | undefined {
  const hidden = status.hiddenGuilds();
  if (hidden.length === 0) return undefined;
  const rows = hidden.map(({ id, name }) => `    ${id}  ${name}`);
  const ids = hidden.map(({ id }) => id).join(',');
  return [
    '',
    '  The bot is in these guilds, and none of them is shown:',
    ...rows,
    `  To show them, start with GUILDS=${ids} (some of these ids) or GUILDS=* (all, also later ones).`,
    '',
  ].join('\n');
}
