import { z } from 'zod';
import { channel } from '../domain/channel.js';
import { type CloseReason, closeReasons } from '../domain/closing.js';
import { type DomainEventType, domainEvent, domainEvents } from '../domain/events/index.js';
import { type FaultCode, faultCodes } from '../domain/fault.js';
import { listedGuild } from '../domain/guild.js';
import { guildSnapshot } from '../domain/guild-snapshot.js';
import { member, memberReference, roleColor } from '../domain/member.js';
import { status } from '../domain/presence.js';
import { snowflake } from '../domain/snowflake.js';

/** The shapes of what goes over sockets and streams, made of the same parts that the program itself works with. */

export const fault = z.object({
  code: z.enum(Object.keys(faultCodes) as [FaultCode, ...FaultCode[]]),
  message: z.string().describe('For people.'),
  retryAfter: z.number().optional().describe('Seconds after which another try makes sense.'),
});

export const closing = z.object({
  code: z
    .literal(Object.values(closeReasons).map(({ code }) => code))
    .describe('3000 to 3499: come back. 3500 to 3999: the same would only happen again.'),
  reason: z.enum(Object.keys(closeReasons) as [CloseReason, ...CloseReason[]]),
  message: z.string().describe('For people.'),
  retryAfter: z.number().optional().describe('Seconds after which another try makes sense.'),
});

export const cursor = z.string().describe('A place in the event log of the guild, `epoch:offset`.');

export function eventSchema<T extends DomainEventType>(type: T): z.ZodObject {
  return domainEvent.extend({ type: z.literal(type), cursor, data: domainEvents[type] });
}

export const socketIo = {
  joined: z.object({
    guildId: snowflake,
    cursor,
    recovered: z.boolean().describe('The missed events follow; otherwise start anew from the snapshot.'),
    snapshot: guildSnapshot.nullable().describe('Null when recovered.'),
  }),
  left: z.object({ guildId: z.string() }),
  guildList: z.object({ guilds: z.array(listedGuild.omit({ memberCount: true, onlineCount: true })) }),
  refusal: z.object({ error: fault }),
};

export const stream = {
  resumed: z.object({ cursor }),
  heartbeat: z.object({ at: z.iso.datetime() }),
};

const user = z.object({ uid: snowflake, username: z.string(), status, roleColor });
const request = z.object({ server: z.string(), password: z.string().optional() });

function frame<T extends string, D extends z.ZodType>(type: T, data: D): z.ZodObject {
  return z.object({ type: z.literal(type), data });
}

/** A frame about a guild, with its place in the log. */
function eventFrame<T extends string, D extends z.ZodType>(type: T, data: D): z.ZodObject {
  return frame(type, data).extend({ server: snowflake, cursor });
}

/** The first of two frames of one event: the place in the log comes with the second. */
function leadingFrame<T extends string, D extends z.ZodType>(type: T, data: D): z.ZodObject {
  return frame(type, data).extend({ server: snowflake });
}

const presence = eventFrame('presence', user);
const removal = z.object({
  type: z.literal('presence'),
  server: snowflake,
  data: z.object({ uid: snowflake, status: z.literal('offline'), delete: z.literal(true) }),
});

const freshJoin = z.object({
  users: z.record(snowflake, user),
  request,
  serverName: z.string(),
  clientId: z.string().optional().describe('The Discord application at which visitors log in.'),
  cursor,
  source: z.string(),
  stale: z.boolean(),
  recovered: z.literal(false),
});
const rejoin = z.object({ request, serverName: z.string(), cursor, recovered: z.literal(true) });
const waitingRoom = z.object({ users: z.strictObject({}), request, serverName: z.string() });

const listed = z.object({
  id: z.string().describe('The short name.'),
  name: z.string(),
  default: z.literal(true).optional(),
  passworded: z.boolean(),
});

const notification = z.object({
  id: z.string(),
  type: z.string(),
  state: z.enum(['accepted', 'delivered', 'retrying', 'unknown', 'dead', 'superseded', 'off']),
  attempts: z.int().nonnegative(),
  reason: z.string().optional(),
});

const text = z.string().optional();

export const dZone = {
  connect: frame(
    'connect',
    z.object({
      server: z.union([z.string(), z.number()]).nullish().describe('A short name or an id; without one, the default.'),
      password: text,
      discordToken: text,
      discordUser: z.object({ id: z.string(), username: z.string() }).optional(),
      resume: cursor.nullish(),
    }),
  ),
  snapshot: z.object({ type: z.literal('snapshot') }),
  'server-list': frame('server-list', z.record(snowflake, listed)),
  'server-join': frame('server-join', z.union([freshJoin, rejoin, waitingRoom])),
  presence: z.union([presence, removal]),
  message: eventFrame('message', z.object({ uid: snowflake, message: z.string(), channel: snowflake })),
  'member-join': leadingFrame('member-join', user),
  'member-leave': leadingFrame('member-leave', z.object({ uid: snowflake, username: z.string() })),
  'member-update': leadingFrame('member-update', user),
  notification: eventFrame('notification', notification),
  announcement: eventFrame('announcement', z.record(z.string(), z.unknown())),
  'update-clientid': leadingFrame('update-clientid', z.object({ clientId: z.string() })),
  error: frame('error', fault),
};

/** Written once in the document, and referred to. */
export const shared = {
  Channel: channel,
  Closing: closing,
  Fault: fault,
  GuildSnapshot: guildSnapshot,
  Member: member,
  MemberReference: memberReference,
  DZoneUser: user,
};
