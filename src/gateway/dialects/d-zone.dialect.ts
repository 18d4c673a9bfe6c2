import { isUtf8 } from 'node:buffer';
import { type DomainEvent } from '../../domain/events/index.js';
import { type LettingOut } from '../../domain/events/guild-removed.js';
import { Fault } from '../../domain/fault.js';
import { type GuildSnapshot } from '../../domain/guild-snapshot.js';
import { type Member } from '../../domain/member.js';
import { type Credentials } from '../guild-access.js';
import { type DirectoryEntry } from '../guild-directory.js';
import { type SnapshotEncoding } from '../guild-room.js';
import { type WireFault } from '../wire-fault.js';

/**
 * The wire protocol of d-zone's browser client, as d-back 0.0.18 and the client itself speak it (measured; the
 * manuals of both describe another one). Text frames, one JSON object each. This file only translates.
 */

/** The message that takes a client into a room. `server` is `default`, a short id, an alias or a guild id. */
export interface ConnectMessage {
  server: string;
  /** Goes back to its sender inside `server-join`, as in the reference, and nowhere else. */
  password: string | undefined;
  resume: unknown;
  credentials: Credentials;
}

const texts = {
  notFound: "Sorry, couldn't connect to that Discord server.",
  loginNeeded: 'This server requires Discord authentication. Please login with Discord.',
  loginFailed: 'Discord authentication failed. Please try logging in again.',
  passwordWrong: 'Sorry, wrong password for that Discord server.',
};

const lettingOutTexts: Record<LettingOut, string> = {
  'door-changed': 'This server is entered in another way now.',
  'password-changed': 'The password of this server was changed.',
  'not-a-member': 'You are not a member of this Discord server any more.',
  'login-ended': 'Your login is over. Please login with Discord again.',
  unconfirmed: 'Discord could not be asked for long whether you may be here. Please try again later.',
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What a client may send. `snapshot` is ours: it asks for a fresh `server-join` of the room the client is in. */
export type ClientMessage = { type: 'connect'; connect: ConnectMessage } | { type: 'snapshot' };

/** @throws Fault with the reference's text where it has one; the connection goes on in every case. */
export function readMessage(raw: Buffer, binary: boolean): ClientMessage {
  if (binary && !isUtf8(raw)) throw new Fault('request.invalid', 'Invalid binary encoding');
  let message: unknown;
  try {
    message = JSON.parse(raw.toString('utf8'));
  } catch {
    throw new Fault('request.invalid', 'Invalid JSON');
  }
  if (!isObject(message)) throw new Fault('request.invalid', 'Invalid message: a JSON object is expected');
  if (message.type === 'snapshot') return { type: 'snapshot' };
  if (message.type !== 'connect') throw new Fault('request.unknown_type', 'Unknown event type');
  if (!isObject(message.data)) throw new Fault('request.invalid', 'Invalid message: "data" must be an object');
  return { type: 'connect', connect: readConnect(message.data) };
}

/** A client that named its guild in the address asks for the same as one that sends this. */
export function connectTo(server: string, resume?: string): ConnectMessage {
  return { server, password: undefined, resume, credentials: {} };
}

function readConnect(data: Record<string, unknown>): ConnectMessage {
  const user = isObject(data.discordUser) ? data.discordUser : {};
  const id = text(user.id);
  const username = text(user.username);
  const password = text(data.password);
  const discordToken = text(data.discordToken);
  return {
    server: readServer(data.server),
    password,
    resume: data.resume,
    credentials: {
      ...(password !== undefined && { password }),
      ...(discordToken !== undefined && { discordToken }),
      ...(id !== undefined && username !== undefined && { discordUser: { id, username } }),
    },
  };
}

/** Nothing, null and blanks mean `default`: that is what a client without a remembered server sends. */
function readServer(server: unknown): string {
  if (server === undefined || server === null) return 'default';
  if (typeof server === 'number') return String(server);
  if (typeof server !== 'string') throw new Fault('guild.not_found', texts.notFound);
  return server.trim() || 'default';
}

/** Never more than these four fields: the list goes to every visitor. */
export function serverList(entries: readonly DirectoryEntry[]): string {
  const data: Record<string, { id: string; name: string; default?: true; passworded: boolean }> = {};
  for (const { id, alias, name, default: isDefault, door } of entries) {
    data[id] = { id: alias, name, ...(isDefault && { default: true as const }), passworded: door !== 'open' };
  }
  return JSON.stringify({ type: 'server-list', data });
}

interface User {
  uid: string;
  username: string;
  status: string;
  roleColor: string;
}

function userOf(member: Pick<Member, 'id' | 'displayName' | 'roleColor' | 'status'>): User {
  return { uid: member.id, username: member.displayName, status: member.status, roleColor: member.roleColor };
}

/** At most `limit` users, those online first: the client draws every one of them as an actor. */
function usersOf(members: readonly Member[], limit: number): Record<string, User> {
  let shown = members;
  if (members.length > limit) {
    const online = members.filter((member) => member.status !== 'offline');
    shown = online.concat(members.filter((member) => member.status === 'offline')).slice(0, limit);
  }
  return Object.fromEntries(shown.map((member) => [member.id, userOf(member)]));
}

/** What the client asked, in the form it stores and asks with next time. */
function requestOf({ server, password }: ConnectMessage): { server: string; password?: string } {
  return { server, ...(password !== undefined && { password }) };
}

/** The users of a `server-join`: the part of it that is the same for everybody. */
export function usersEncoding(maxMembers: number): SnapshotEncoding {
  return { name: 'd-zone', encode: ({ members }) => JSON.stringify(usersOf(members, maxMembers)) };
}

/** What stands before and after the users, as `usersEncoding` writes those of the same snapshot. */
export function aroundUsers(
  asked: ConnectMessage,
  snapshot: GuildSnapshot,
  clientId?: string,
): { before: string; after: string } {
  const { guild, cursor, source, stale } = snapshot;
  const rest = { request: requestOf(asked), serverName: guild.name, clientId, cursor, source, stale, recovered: false };
  return { before: '{"type":"server-join","data":{"users":', after: `,${JSON.stringify(rest).slice(1)}}` };
}

/** The client's world is still right: the frames it missed follow. */
export function serverRejoin(asked: ConnectMessage, serverName: string, cursor: string): string {
  const data = { request: requestOf(asked), serverName, cursor, recovered: true };
  return JSON.stringify({ type: 'server-join', data });
}

/** Where a client waits while there is no open guild. An error would make it ask for `default` for ever. */
export function waitingRoom(asked: ConnectMessage): string {
  const data = { users: {}, request: { ...requestOf(asked), server: 'default' }, serverName: 'Waiting room' };
  return JSON.stringify({ type: 'server-join', data });
}

function presence(event: DomainEvent, user: User): string {
  const { uid, status, username, roleColor } = user;
  const data = { uid, status, username, roleColor };
  return JSON.stringify({ type: 'presence', server: event.guildId, data, cursor: event.cursor });
}

/**
 * The frames of one event. A presence always has a name and a colour: the client draws whom it does not know, and
 * without them as a nameless ghost. A leave is drawn as offline first; `removal` comes later.
 * Only the last frame of an event carries its cursor: a client that is cut off before it gets all of the event again.
 */
export function eventFrames(event: DomainEvent): string[] {
  const { guildId: server, cursor } = event;
  switch (event.type) {
    case 'presence.updated': {
      const { member, status } = event.data;
      return [presence(event, userOf({ ...member, status }))];
    }
    case 'member.joined': {
      const user = userOf(event.data.member);
      return [JSON.stringify({ type: 'member-join', server, data: user }), presence(event, user)];
    }
    case 'member.updated': {
      const user = userOf(event.data.member);
      return [JSON.stringify({ type: 'member-update', server, data: user }), presence(event, user)];
    }
    case 'member.left': {
      const user = userOf({ ...event.data.member, status: 'offline' });
      const data = { uid: user.uid, username: user.username };
      return [JSON.stringify({ type: 'member-leave', server, data }), presence(event, user)];
    }
    case 'message.created': {
      const { author, content, channelId } = event.data;
      // The client says nothing for an empty text, so a message of files alone is not worth a frame.
      if (content === '') return [];
      const data = { uid: author.id, message: content, channel: channelId };
      return [JSON.stringify({ type: 'message', server, data, cursor })];
    }
    case 'notification.accepted':
    case 'notification.delivered':
    case 'notification.retrying':
    case 'notification.unknown':
    case 'notification.dead':
    case 'notification.superseded':
    case 'notification.off': {
      const state = event.type.slice('notification.'.length);
      const { id, type, attempts, reason } = event.data;
      return [JSON.stringify({ type: 'notification', server, data: { id, type, state, attempts, reason }, cursor })];
    }
    case 'announcement.created':
      return [JSON.stringify({ type: 'announcement', server, data: event.data.data, cursor })];
    // What the client has no picture for: it would say an edited message again, and takes none back.
    case 'message.updated':
    case 'message.deleted':
    case 'typing.started':
    case 'channel.created':
    case 'channel.updated':
    case 'channel.deleted':
    case 'guild.updated':
    case 'guild.unavailable':
    case 'guild.removed':
      return [];
  }
}

/**
 * Takes a member who left out of the world. Only for clients that know the member, and some time after the leave: a
 * client that removes somebody with a queued message silences that channel for good, and an unknown one it would draw.
 */
export function removal(server: string, uid: string): string {
  return JSON.stringify({ type: 'presence', server, data: { uid, status: 'offline', delete: true } });
}

/** The client has to leave its room, and is about to go to another one. */
export function lettingOut(reason: LettingOut): string {
  return JSON.stringify({ type: 'error', data: { code: 'guild.guarded', message: lettingOutTexts[reason] } });
}

/** The Discord application at which the client logs in from now on, as the reference tells it. */
export function clientIdFrame(server: string, clientId: string): string {
  return JSON.stringify({ type: 'update-clientid', server, data: { clientId } });
}

export function errorFrame(fault: WireFault, asked?: ConnectMessage): string {
  return JSON.stringify({ type: 'error', data: { ...fault, message: messageOf(fault, asked) } });
}

function messageOf(fault: WireFault, asked: ConnectMessage | undefined): string {
  if (fault.code === 'guild.not_found') return texts.notFound;
  if (fault.code !== 'guild.guarded') return fault.message;
  if (asked?.credentials.discordToken && asked.credentials.discordUser) return texts.loginFailed;
  return asked?.password === undefined ? texts.loginNeeded : texts.passwordWrong;
}
