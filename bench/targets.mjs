// Who is measured: the real application over its three transports, and its peers.
import { startServer } from './pinned.mjs';
import { largeGuild, memberCount } from './servers/large-guild.mjs';
import { startNchan } from './servers/nchan.mjs';

/** The demo room that all parts but the joins use. */
const room = 'dworld';
/** Members of a d-zone world by default. */
const drawnMembers = 1_000;

const servers = {
  guildcast: (options) => startServer('servers/guildcast.mjs', options),
  nest: (options) => startServer('servers/stock-nest.mjs', options),
  naive: (options) => startServer('servers/naive-ws.mjs', options),
  nchan: () => startNchan(),
};

/** `options` are those of `startServer`. */
export function startFor(target, options) {
  return servers[target.server](options);
}

const socketIoJoin = (guildId) => `420["join",{"guildId":"${guildId}"}]`;
const dZoneJoin = (server) => JSON.stringify({ type: 'connect', data: { server } });
const eventsPath = (guildId) => `/api/v1/guilds/${guildId}/events`;

export const names = {
  nchanWebSocket: 'Nchan, WebSocket',
  nchanSse: 'Nchan, SSE',
  webSocket: 'Guildcast, WebSocket',
  sse: 'Guildcast, SSE',
  socketIo: 'Guildcast, socket.io',
  nest: 'Nest and socket.io as they come',
  loop: 'ws, a loop',
};

/** `entered` is in what a client gets once it is in the room. */
export const targets = [
  { name: names.nchanWebSocket, server: 'nchan', kind: 'websocket', path: '/ws', entered: '\r\n\r\n' },
  { name: names.nchanSse, server: 'nchan', kind: 'sse', path: '/sse', entered: '\r\n\r\n' },
  {
    name: names.webSocket,
    server: 'guildcast',
    kind: 'websocket',
    path: '/ws',
    join: dZoneJoin(room),
    entered: '"server-join"',
  },
  { name: names.sse, server: 'guildcast', kind: 'sse', path: eventsPath(room), entered: 'event: snapshot' },
  {
    name: names.socketIo,
    server: 'guildcast',
    kind: 'socket.io',
    join: socketIoJoin(room),
    entered: '"recovered"',
  },
  { name: names.nest, server: 'nest', kind: 'socket.io', join: '420["join",{}]', entered: '430[' },
  {
    name: names.loop,
    server: 'naive',
    kind: 'websocket',
    path: '/',
    join: dZoneJoin(room),
    entered: '"server-join"',
  },
];

/**
 * Who answers a join with the whole of a large guild. `text` is in the answer once for each of `members`; `changing`:
 * also measured while the guild changes.
 */
export const joinTargets = [
  {
    name: names.socketIo,
    server: 'guildcast',
    kind: 'socket.io',
    join: socketIoJoin(largeGuild.id),
    text: '"displayName"',
    members: memberCount,
    changing: true,
  },
  {
    name: names.sse,
    server: 'guildcast',
    kind: 'sse',
    path: eventsPath(largeGuild.id),
    text: '"displayName"',
    members: memberCount,
    changing: true,
  },
  {
    name: names.webSocket,
    server: 'guildcast',
    kind: 'websocket',
    path: '/ws',
    join: dZoneJoin(largeGuild.alias),
    text: '"uid"',
    members: drawnMembers,
    changing: true,
  },
  {
    name: names.nest,
    server: 'nest',
    kind: 'socket.io',
    join: '420["join-large",{}]',
    text: '"displayName"',
    members: memberCount,
    changing: false,
  },
];
