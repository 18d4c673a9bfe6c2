import { type z } from 'zod';
import { type DomainEventType, domainEventTypes } from '../domain/events/index.js';
import { guildSnapshot } from '../domain/guild-snapshot.js';
import { joinMessage, leaveMessage } from '../gateway/transports/socket-io.schemas.js';
import { closing, cursor, dZone, eventSchema, socketIo, stream } from './asyncapi.schemas.js';

export interface SocketMessage {
  /** As it is named on the wire: a socket.io message, the `type` of a WebSocket frame, the `event` of a stream. */
  name: string;
  summary: string;
  /** Undefined for a message without a body. */
  payload: z.ZodType | undefined;
  /** Unknown fields of what a client sends are ignored. */
  from: 'client' | 'server';
  /** The `id` line of a block in an event stream. */
  streamId?: z.ZodType;
}

type Messages = Record<string, SocketMessage>;

const eventSummaries: Record<DomainEventType, string> = {
  'presence.updated': "A member's status, activities or platforms changed",
  'member.joined': 'Somebody joined the guild',
  'member.left': 'Somebody left the guild',
  'member.updated': 'A member changed: name, roles, avatar, voice channel',
  'message.created': 'Somebody wrote into a channel that everybody can read',
  'message.updated': 'Somebody changed a message, which may be older than what the client has seen',
  'message.deleted': 'Messages that were told of are gone',
  'typing.started': 'Somebody writes in a channel that everybody can read; told at most every 8 seconds',
  'channel.created': 'A text or voice channel was made, or everybody can see it now',
  'channel.updated': 'A channel that everybody can see has another name or kind',
  'channel.deleted': 'A channel is gone, or no longer for everybody',
  'guild.updated': 'The guild changed its name or icon, or is back',
  'guild.unavailable': 'Discord lost sight of the guild; what was last known stays on show',
  'guild.removed': 'The guild is no longer shown, or its door lets nobody stay who came in before: the room has ended',
  'announcement.created': 'An operator says something to everybody in the room',
  'notification.accepted': 'A notification of the guild was stored',
  'notification.delivered': 'A notification of the guild is in Discord',
  'notification.retrying': 'A notification of the guild waits for its next try',
  'notification.unknown': 'Whether a notification of the guild arrived cannot be known; it is not sent again',
  'notification.dead': 'A notification of the guild was given up',
  'notification.superseded': 'Another notification of the guild took the place of this one',
  'notification.off': 'The target of a notification of the guild is switched off: what is for it waits',
};

function fromServer(name: string, summary: string, payload: z.ZodType): SocketMessage {
  return { name, summary, payload, from: 'server' };
}

function fromClient(name: string, summary: string, payload?: z.ZodType): SocketMessage {
  return { name, summary, payload, from: 'client' };
}

/** The same on socket.io and in event streams. */
export const eventMessages: Messages = Object.fromEntries(
  domainEventTypes.map((type) => [
    `event.${type}`,
    { ...fromServer(type, eventSummaries[type], eventSchema(type)), streamId: cursor },
  ]),
);

export const socketIoMessages: Messages = {
  'socketIo.join': fromClient('join', 'Enter the room of a guild', joinMessage),
  'socketIo.leave': fromClient('leave', 'Leave the room of a guild', leaveMessage),
  'socketIo.guilds': fromClient('guilds', 'Ask for the guilds that are shown'),
  'socketIo.joined': fromServer('joined', 'The way into a room', socketIo.joined),
  'socketIo.left': fromServer('left', 'Nothing of this room follows', socketIo.left),
  'socketIo.guildList': fromServer('guilds', 'The guilds that are shown', socketIo.guildList),
  'socketIo.refusal': fromServer('error', 'A refusal', socketIo.refusal),
  'socketIo.closing': fromServer('closing', 'Last: why the server ends the connection', closing),
};

export const dZoneMessages: Messages = {
  'dZone.connect': fromClient('connect', 'Enter the room of a guild', dZone.connect),
  'dZone.snapshot': fromClient('snapshot', 'Ask for a fresh server-join of the present room', dZone.snapshot),
  'dZone.server-list': fromServer('server-list', 'First and once: the guilds by their ids', dZone['server-list']),
  'dZone.server-join': fromServer(
    'server-join',
    'The way into a room: with its users, or recovered and without, or a waiting room while no guild is open',
    dZone['server-join'],
  ),
  'dZone.presence': fromServer('presence', "A user's status, or the removal of one who left", dZone.presence),
  'dZone.message': fromServer('message', 'A user says something', dZone.message),
  'dZone.member-join': fromServer('member-join', 'Somebody joined; a presence follows', dZone['member-join']),
  'dZone.member-leave': fromServer('member-leave', 'Somebody left; a presence follows', dZone['member-leave']),
  'dZone.member-update': fromServer('member-update', 'A member changed; a presence follows', dZone['member-update']),
  'dZone.notification': fromServer('notification', 'What became of a notification', dZone.notification),
  'dZone.announcement': fromServer('announcement', 'What an operator says', dZone.announcement),
  'dZone.update-clientid': fromServer(
    'update-clientid',
    'The Discord application at which to log in: before a refusal that asks for a login, and when a guild begins to ask',
    dZone['update-clientid'],
  ),
  'dZone.error': fromServer('error', 'A refusal; the connection and the present room go on', dZone.error),
};

export const streamMessages: Messages = {
  'stream.snapshot': { ...fromServer('snapshot', 'First: start anew from here', guildSnapshot), streamId: cursor },
  'stream.resumed': {
    ...fromServer('resumed', 'First: the missed events follow', stream.resumed),
    streamId: cursor,
  },
  'stream.heartbeat': fromServer('heartbeat', 'A sign of life, without an id', stream.heartbeat),
  'stream.closing': fromServer('closing', 'Last, without an id: why the server ends the stream', closing),
};
