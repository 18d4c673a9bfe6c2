import { z } from 'zod';
import { closeReasons, comesBack } from '../domain/closing.js';
import {
  dZoneMessages,
  eventMessages,
  type SocketMessage,
  socketIoMessages,
  streamMessages,
} from './asyncapi.messages.js';
import { shared } from './asyncapi.schemas.js';

type JsonSchema = Record<string, unknown>;
interface Reference {
  $ref: string;
}

interface Channel {
  address: string;
  title: string;
  description: string;
  servers: Reference[];
  parameters?: Record<string, { description: string }>;
  messages: Record<string, Reference>;
}

interface Operation {
  action: 'send' | 'receive';
  summary: string;
  channel: Reference;
  messages: Reference[];
  reply?: { channel: Reference; messages: Reference[] };
  bindings?: Record<string, unknown>;
}

export interface AsyncApiDocument {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string };
  defaultContentType: string;
  servers: Record<string, unknown>;
  channels: Record<string, Channel>;
  operations: Record<string, Operation>;
  components: {
    messages: Record<string, { name: string; summary: string; payload?: JsonSchema | Reference; headers?: JsonSchema }>;
    schemas: Record<string, JsonSchema>;
  };
}

const events = Object.keys(eventMessages);
const dZoneFrames = Object.keys(dZoneMessages).filter((key) => dZoneMessages[key]?.from === 'server');

/** A WebSocket has frames of its own for its end; on the other wires it is a message. Markdown. */
const closeCodes = [
  'Where the server ends a connection of its own accord, the close frame has one of these codes, and its name as reason:',
  '',
  ...Object.entries(closeReasons).map(([reason, { code, message }]) => {
    return `- ${code} \`${reason}\`, ${comesBack(code) ? 'come back' : 'do not come back'}: ${message}`;
  }),
].join('\n');

/** Every socket and stream of the program in the AsyncAPI format, version 3. `send` is what the program sends. */
export function describeSockets(version: string): AsyncApiDocument {
  const all = { ...eventMessages, ...socketIoMessages, ...dZoneMessages, ...streamMessages };
  const schemas = schemasOf(all);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Guildcast',
      version,
      description:
        'Live Discord guilds. One cursor counts the events of a guild on every wire: a client may drop off one and resume on another.',
    },
    defaultContentType: 'application/json',
    servers: {
      socketIo: serverOf('ws', 'socket.io, Engine.IO protocol 4; also over HTTP polling.'),
      webSocket: serverOf('ws', 'Plain WebSocket: text frames, one JSON object each.'),
      stream: serverOf('http', 'Server-sent events.'),
    },
    channels: {
      socketIo: {
        address: '/socket.io/',
        title: 'Rooms over socket.io',
        description:
          'Every message of a client is answered through its acknowledgement; a client that asked for none gets the answer ' +
          'as a message of the name given here. A socket may be in many rooms.',
        servers: [ref('servers', 'socketIo')],
        messages: referencesTo([...Object.keys(socketIoMessages), ...events]),
      },
      dZone: {
        address: '/ws',
        title: 'Rooms over WebSocket, in the d-zone dialect',
        description:
          'On any path outside `/socket.io/`. A connection is in one room at most. On `/ws/guilds/{guild}?cursor=` it joins ' +
          `that guild by itself, as if it had sent a \`connect\`.\n\n${closeCodes}`,
        servers: [ref('servers', 'webSocket')],
        messages: referencesTo(Object.keys(dZoneMessages)),
      },
      stream: {
        address: '/api/v1/guilds/{guild}/events',
        title: 'The room of a guild as an event stream',
        description:
          'With `Accept: text/event-stream`. The payload is the `data` line; refusals are HTTP answers, see OpenAPI.',
        servers: [ref('servers', 'stream')],
        parameters: { guild: { description: 'An id or a short name.' } },
        messages: referencesTo([...Object.keys(streamMessages), ...events]),
      },
    },
    operations: {
      socketIoJoin: asked('socketIo', 'socketIo.join', ['socketIo.joined', 'socketIo.refusal']),
      socketIoLeave: asked('socketIo', 'socketIo.leave', ['socketIo.left', 'socketIo.refusal']),
      socketIoGuilds: asked('socketIo', 'socketIo.guilds', ['socketIo.guildList', 'socketIo.refusal']),
      socketIoEvents: told('socketIo', 'What happens in the rooms that the socket is in', [
        ...events,
        'socketIo.refusal',
        'socketIo.closing',
      ]),
      dZoneConnect: asked('dZone', 'dZone.connect', ['dZone.server-join', 'dZone.error']),
      dZoneSnapshot: asked('dZone', 'dZone.snapshot', ['dZone.server-join', 'dZone.error']),
      dZoneFrames: told('dZone', 'What happens in the room that the connection is in', dZoneFrames),
      streamEvents: {
        ...told('stream', 'What happens in the room', [...Object.keys(streamMessages), ...events]),
        bindings: { http: { method: 'GET', query: resumeQuery, bindingVersion: '0.3.0' } },
      },
    },
    components: {
      messages: Object.fromEntries(Object.entries(all).map(([key, message]) => [key, describe(key, message)])),
      schemas,
    },
  };
}

const resumeQuery = {
  type: 'object',
  properties: { cursor: { type: 'string', description: 'Where to go on; the header Last-Event-ID wins.' } },
};

function serverOf(protocol: string, description: string): object {
  const host = { description: 'Where Guildcast listens.', default: '127.0.0.1:3000' };
  return { host: '{host}', protocol, description, variables: { host } };
}

function describe(key: string, message: SocketMessage): AsyncApiDocument['components']['messages'][string] {
  const { name, summary, payload, from, streamId } = message;
  return {
    name,
    summary,
    ...(payload && { payload: from === 'client' ? inputOf(payload) : ref('components', 'schemas', key) }),
    ...(streamId && {
      headers: { type: 'object', properties: { id: { ...inputOf(streamId), title: 'In event streams alone' } } },
    }),
  };
}

/** What the server sends, exact to the field; shared parts once. */
function schemasOf(messages: Record<string, SocketMessage>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(shared)) registry.add(schema, { id });
  for (const [id, { payload, from }] of Object.entries(messages)) {
    // A snapshot is a shared part and a message at once: it keeps its name, and the message refers to it.
    if (payload && from === 'server') registry.add(registry.has(payload) ? z.lazy(() => payload) : payload, { id });
  }
  const { schemas } = z.toJSONSchema(registry, {
    target: 'draft-7',
    uri: (id) => `#/components/schemas/${id}`,
    override: withoutPattern,
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

function inputOf(schema: z.ZodType): JsonSchema {
  return bare(z.toJSONSchema(schema, { target: 'draft-7', io: 'input', override: withoutPattern }));
}

/** The format of a time says it all; zod's pattern for it is a page long. */
function withoutPattern({ jsonSchema }: { jsonSchema: { format?: string; pattern?: string } }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

function bare(schema: object): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}

function ref(...path: string[]): Reference {
  return { $ref: `#/${path.join('/')}` };
}

function referencesTo(keys: readonly string[]): Record<string, Reference> {
  return Object.fromEntries(keys.map((key) => [key, ref('components', 'messages', key)]));
}

function messagesOf(channel: string, keys: readonly string[]): Reference[] {
  return keys.map((key) => ref('channels', channel, 'messages', key));
}

function asked(channel: string, question: string, answers: readonly string[]): Operation {
  const summary = { ...socketIoMessages, ...dZoneMessages }[question]?.summary ?? question;
  return {
    action: 'receive',
    summary,
    channel: ref('channels', channel),
    messages: messagesOf(channel, [question]),
    reply: { channel: ref('channels', channel), messages: messagesOf(channel, answers) },
  };
}

function told(channel: string, summary: string, keys: readonly string[]): Operation {
  return { action: 'send', summary, channel: ref('channels', channel), messages: messagesOf(channel, keys) };
}
