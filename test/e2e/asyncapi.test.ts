import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Channel } from '../../src/domain/channel.js';
import { type DomainEvent, type DomainEventType, type NewDomainEvent } from '../../src/domain/events/index.js';
import { referenceOf } from '../../src/domain/member.js';
import { type AsyncApiDocument } from '../../src/rest/asyncapi.js';
import { AsyncApiSchemas } from '../support/asyncapi-schemas.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const dworld = '232769614004748288';
const member = memberOf('555000111222333444', {
  activities: [{ type: 'playing', name: 'd-zone', state: 'deep' }],
  platforms: ['mobile'],
  avatarUrl: 'https://cdn.discordapp.com/a.png',
  roleIds: ['666000111222333444'],
  voiceChannelId: '777000111222333444',
  joinedAt: '2026-01-01T00:00:00.000Z',
});
const where = { channelId: '900000000000000002', channelName: 'general' };
const lounge: Channel = { id: '777000111222333444', name: 'Lounge', kind: 'voice' };
const notification = { id: '1', type: 'backup_error', target: 'user', attempts: 1 } as const;

/** One of each type, the end of the room last. */
const happenings: { [T in DomainEventType]: NewDomainEvent & { type: T } } = {
  'member.joined': joinOf(dworld, member) as NewDomainEvent & { type: 'member.joined' },
  'member.updated': { type: 'member.updated', guildId: dworld, data: { member, previous: { displayName: 'Before' } } },
  'presence.updated': presenceOf(dworld, member, 'dnd') as NewDomainEvent & { type: 'presence.updated' },
  'message.created': messageOf(dworld, member, 'hello', { attachments: 2 }) as NewDomainEvent & {
    type: 'message.created';
  },
  'message.updated': {
    type: 'message.updated',
    guildId: dworld,
    data: {
      ...(messageOf(dworld, member, 'hello!') as NewDomainEvent & { type: 'message.created' }).data,
      editedAt: '2026-01-01T00:00:01.000Z',
    },
  },
  'message.deleted': { type: 'message.deleted', guildId: dworld, data: { ids: ['900000000000000001'], ...where } },
  'typing.started': { type: 'typing.started', guildId: dworld, data: { member: referenceOf(member), ...where } },
  'channel.created': { type: 'channel.created', guildId: dworld, data: { channel: lounge } },
  'channel.updated': {
    type: 'channel.updated',
    guildId: dworld,
    data: { channel: { ...lounge, name: 'Bar' }, previous: { name: lounge.name } },
  },
  'channel.deleted': { type: 'channel.deleted', guildId: dworld, data: { channel: lounge } },
  'member.left': leaveOf(dworld, member) as NewDomainEvent & { type: 'member.left' },
  'guild.updated': { type: 'guild.updated', guildId: dworld, data: { guild: { name: 'World', iconUrl: null } } },
  'notification.accepted': { type: 'notification.accepted', guildId: dworld, data: { ...notification, attempts: 0 } },
  'notification.retrying': {
    type: 'notification.retrying',
    guildId: dworld,
    data: { ...notification, nextAttemptAt: '2026-01-01T00:00:00.000Z', reason: 'an outage' },
  },
  'notification.delivered': { type: 'notification.delivered', guildId: dworld, data: notification },
  'notification.superseded': { type: 'notification.superseded', guildId: dworld, data: notification },
  'notification.off': { type: 'notification.off', guildId: dworld, data: notification },
  'announcement.created': { type: 'announcement.created', guildId: dworld, data: { data: { text: 'hello' } } },
  'notification.unknown': {
    type: 'notification.unknown',
    guildId: dworld,
    data: { ...notification, target: 'webhook', reason: 'its answer was lost' },
  },
  'notification.dead': { type: 'notification.dead', guildId: dworld, data: { ...notification, reason: 'closed' } },
  'guild.unavailable': { type: 'guild.unavailable', guildId: dworld, data: {} },
  'guild.removed': { type: 'guild.removed', guildId: dworld, data: {} },
};
const untilTheEnd = Object.values(happenings).filter(({ type }) => type !== 'guild.removed');

let app: TestApp;
let document: AsyncApiDocument;
let schemas: AsyncApiSchemas;
beforeAll(async () => {
  app = await startTestApp({
    HEARTBEAT_SECONDS: '0.2',
    DZONE_DELETE_SECONDS: '0.1',
    DISCORD_CLIENT_ID: '506432803173433344',
  });
  const answer = await fetch(`${app.url}/asyncapi.json`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  document = (await answer.json()) as AsyncApiDocument;
  schemas = new AsyncApiSchemas(document);
});
afterAll(() => app.close());

/** What came over one channel, by the message of the document that it claims to be. */
class Captured {
  readonly seen = new Map<string, unknown[]>();

  constructor(private readonly channel: string) {}

  add(key: string, frame: unknown): void {
    this.seen.set(key, [...(this.seen.get(key) ?? []), frame]);
  }

  /** Everything was as the document says, and there was one of everything that it says the server sends. */
  check(except: string[] = []): void {
    const faults = [...this.seen].flatMap(([key, frames]) => frames.flatMap((frame) => schemas.faults(key, frame)));
    expect(faults).toEqual([]);
    const expected = schemas.messagesOf(this.channel).filter((key) => !except.includes(key));
    expect([...this.seen.keys()].sort()).toEqual(expected.sort());
  }
}

async function append(events: NewDomainEvent[]): Promise<DomainEvent[]> {
  const placed: DomainEvent[] = [];
  for (const event of events) placed.push(await app.log.append(event));
  return placed;
}

describe('what goes over the wires is what the document says', () => {
  it('on socket.io', async () => {
    const captured = new Captured('socketIo');
    const client = await SocketIoClient.open(app.url);
    const asking = { guildId: 'dworld', cursor: 'not-one', auth: { password: 'x' } };
    captured.add('socketIo.join', asking);
    captured.add('socketIo.joined', await client.ask('join', asking));
    const [first] = await append(untilTheEnd);
    await vi.waitFor(() => expect(client.events).toHaveLength(untilTheEnd.length));
    captured.add('socketIo.joined', await client.ask('join', { guildId: dworld, cursor: first!.cursor }));
    captured.add('socketIo.refusal', await client.ask('join', { guildId: 'nobody-knows-it' }));
    captured.add('socketIo.refusal', await client.ask('join', {}));
    captured.add('socketIo.guildList', await client.ask('guilds'));
    await append([happenings['guild.removed']]);
    const missed = untilTheEnd.length - 1;
    await vi.waitFor(() => expect(client.events).toHaveLength(untilTheEnd.length + missed + 1));
    for (const event of client.events) captured.add(`event.${event.type}`, event);
    const leaving = { guildId: 'dworld' };
    captured.add('socketIo.leave', leaving);
    captured.add('socketIo.left', await client.ask('leave', leaving));
    // The same, for those who ask for no acknowledgement.
    const heard = client.events.length;
    client.socket.emit('join', asking);
    client.socket.emit('guilds');
    client.socket.emit('leave', leaving);
    client.socket.emit('no-such-message');
    await vi.waitFor(() => expect([client.events.length, client.errors.length]).toEqual([heard + 3, 1]));
    client.order.slice(-3).forEach((name, index) => {
      const key = { joined: 'socketIo.joined', guilds: 'socketIo.guildList', left: 'socketIo.left' }[name];
      captured.add(String(key), client.events[heard + index]);
    });
    captured.add('socketIo.refusal', client.errors[0]);
    client.close();
    captured.check(['socketIo.guilds', 'socketIo.closing']);
  });

  it('on WebSocket, in the d-zone dialect', async () => {
    const captured = new Captured('dZone');
    const [client, other] = [await WebSocketClient.open(app.url), await WebSocketClient.open(app.url)];
    const asking = { type: 'connect', data: { server: 'dworld', password: 'x' } };
    captured.add('dZone.connect', asking);
    client.send(asking);
    await client.nextOf('server-join');
    captured.add('dZone.snapshot', { type: 'snapshot' });
    client.send({ type: 'snapshot' });
    await client.nextOf('server-join');
    const [first] = await append(untilTheEnd);
    await vi.waitFor(() => expect(client.frames.some(({ data }) => data.delete === true)).toBe(true));
    client.connect({ server: 'nobody-knows-it' });
    await client.nextOf('error');
    client.connect({ server: 'oauth' });
    await client.nextOf('error');
    const again = { type: 'connect', data: { server: 'dworld', resume: first!.cursor } };
    captured.add('dZone.connect', again);
    other.send(again);
    expect((await other.nextOf('server-join')).data.recovered).toBe(true);
    await vi.waitFor(() => expect(other.frames.some(({ data }) => data.delete === true)).toBe(true));
    for (const frame of [...client.frames, ...other.frames]) captured.add(`dZone.${frame.type}`, frame);
    await Promise.all([client.close(), other.close()]);
    captured.check();
  });

  it('in event streams', async () => {
    const captured = new Captured('stream');
    const sources: EventSource[] = [];
    const types = Object.values(document.components.messages).map(({ name }) => name);
    const keyOf = (name: string): string => (name in happenings ? `event.${name}` : `stream.${name}`);
    const listen = (query = ''): Map<string, unknown> => {
      const source = new EventSource(`${app.url}/api/v1/guilds/dworld/events${query}`);
      const seen = new Map<string, unknown>();
      for (const type of new Set(types.filter((name) => name !== 'error'))) {
        source.addEventListener(type, (event) => {
          const frame: unknown = JSON.parse(String(event.data));
          seen.set(type, frame);
          captured.add(keyOf(type), frame);
        });
      }
      sources.push(source);
      return seen;
    };
    const fresh = listen();
    await vi.waitFor(() => expect(fresh.has('snapshot')).toBe(true));
    const [first] = await append(untilTheEnd);
    const resumed = listen(`?cursor=${encodeURIComponent(first!.cursor)}`);
    await vi.waitFor(() => expect(resumed.has('resumed') && resumed.has('heartbeat')).toBe(true));
    await append([happenings['guild.removed']]);
    await vi.waitFor(() => expect(fresh.has('guild.removed')).toBe(true));
    for (const source of sources) source.close();
    captured.check(['stream.closing']);
  });

  it('at the end of the application', async () => {
    const ending = await startTestApp();
    const client = await SocketIoClient.open(ending.url);
    const source = new EventSource(`${ending.url}/api/v1/guilds/dworld/events`);
    const last = new Promise<string>((resolve) =>
      source.addEventListener('closing', ({ data }) => resolve(String(data))),
    );
    await new Promise((resolve) => source.addEventListener('snapshot', resolve));
    await ending.close();
    await vi.waitFor(() => expect(client.closing).toBeDefined());
    expect(schemas.faults('socketIo.closing', client.closing)).toEqual([]);
    expect(schemas.faults('stream.closing', JSON.parse(await last))).toEqual([]);
    source.close();
  });
});
