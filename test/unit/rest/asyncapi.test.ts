// This version alone: the package's own way in reads every one there ever was.
import specification from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' };
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { type CloseReason, closeReasons, closingFor } from '../../../src/domain/closing.js';
import { domainEventTypes } from '../../../src/domain/events/index.js';
import { waitingRoom } from '../../../src/gateway/dialects/d-zone.dialect.js';
import { describeSockets } from '../../../src/rest/asyncapi.js';
import { AsyncApiSchemas } from '../../support/asyncapi-schemas.js';
import { memberOf, messageOf, presenceOf } from '../../support/events.js';

const document = describeSockets('1.2.3');
// A plain copy: the specification's schema knows nothing of undefined.
const plain = JSON.parse(JSON.stringify(document)) as typeof document;

function official(): (candidate: unknown) => string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(specification as object);
  return (candidate) => {
    void validate(candidate);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

/** Every `$ref` in the document. */
function references(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : references(value),
  );
}

function resolve(reference: string): unknown {
  return reference
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], plain);
}

describe('the AsyncAPI document', () => {
  it('keeps to the specification, which the checker would tell', () => {
    const faults = official();
    expect(faults(plain)).toEqual([]);
    const broken = { ...plain, operations: { bad: { action: 'shout', channel: { $ref: '#/channels/socketIo' } } } };
    expect(faults(broken)).not.toEqual([]);
    expect(faults({ ...plain, info: { title: 'x' } })).not.toEqual([]);
  });

  it('refers to nothing that is not in it', () => {
    const found = references(plain);
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter((reference) => resolve(reference) === undefined)).toEqual([]);
  });

  it.each(['socketIo', 'stream'])('has every event type there is on the channel %s, and sends it', (channel) => {
    const names = Object.keys(plain.channels[channel]!.messages).map((key) => plain.components.messages[key]?.name);
    expect(names).toEqual(expect.arrayContaining(domainEventTypes));
    const sent = Object.values(plain.operations).filter(({ action, ...operation }) => {
      return action === 'send' && operation.channel.$ref === `#/channels/${channel}`;
    });
    const references = sent.flatMap(({ messages }) => messages.map(({ $ref }) => $ref));
    for (const type of domainEventTypes) expect(references).toContain(`#/channels/${channel}/messages/event.${type}`);
  });

  it('uses each of its messages in an operation', () => {
    const used = Object.values(plain.operations).flatMap(({ messages, reply }) => [
      ...messages,
      ...(reply?.messages ?? []),
    ]);
    const keys = new Set(used.map(({ $ref }) => $ref.split('/').at(-1)));
    expect(Object.keys(plain.components.messages).filter((key) => !keys.has(key))).toEqual([]);
  });

  it('names for WebSocket every close code there is, and whether a client comes back after it', () => {
    const { description } = plain.channels.dZone!;
    for (const [reason, { code }] of Object.entries(closeReasons)) {
      const advice = code < 3_500 ? 'come back' : 'do not come back';
      expect(description).toContain(`- ${code} \`${reason}\`, ${advice}: `);
    }
  });

  it('writes shared parts once', () => {
    expect(plain.components.schemas['event.member.joined']).toMatchObject({
      properties: { data: { properties: { member: { $ref: '#/components/schemas/Member' } } } },
    });
    expect(JSON.stringify(plain)).not.toContain('$schema');
    expect(JSON.stringify(plain).length).toBeLessThan(64_000);
  });
});

describe('the schemas in it', () => {
  const schemas = new AsyncApiSchemas(plain);
  const place = { cursor: 'e:1', at: '2026-01-01T00:00:00.000Z' };
  const presence = { ...presenceOf('12345', memberOf('67890'), 'idle'), ...place };

  it('take what is right', () => {
    expect(schemas.faults('event.presence.updated', presence)).toEqual([]);
    expect(schemas.faults('socketIo.join', { guildId: 'dworld' })).toEqual([]);
    expect(schemas.faults('socketIo.join', { guildId: 'dworld', cursor: null, later: true })).toEqual([]);
    expect(schemas.faults('dZone.connect', { type: 'connect', data: {} })).toEqual([]);
  });

  it('know the waiting room, which a client sees while no guild is open', () => {
    const asked = { server: 'default', password: undefined, resume: undefined, credentials: {} };
    expect(schemas.faults('dZone.server-join', JSON.parse(waitingRoom(asked)))).toEqual([]);
  });

  it.each(['socketIo.closing', 'stream.closing'])('know every reason of the end as %s, and no other', (key) => {
    for (const reason of Object.keys(closeReasons) as CloseReason[]) {
      expect(schemas.faults(key, closingFor(reason))).toEqual([]);
      expect(schemas.faults(key, closingFor(reason, 5))).toEqual([]);
    }
    const shutdown = closingFor('shutdown');
    const wrong = [
      { ...shutdown, code: 1001 },
      { ...shutdown, code: '3001' },
      { ...shutdown, reason: 'lunch' },
      { ...shutdown, retryAfter: 'soon' },
      { ...shutdown, type: 'closing' },
      { code: 3001, reason: 'shutdown' },
    ];
    for (const frame of wrong) expect(schemas.faults(key, frame)).not.toEqual([]);
  });

  it('refuse what is not', () => {
    const wrong = [
      { ...presence, type: 'member.left' },
      { ...presence, data: { ...presence.data, status: 'asleep' } },
      { ...presence, extra: 1 },
      { ...presence, at: 'yesterday' },
      { ...messageOf('12345', memberOf('67890'), 'x'), ...place },
      { ...presence, cursor: undefined },
    ];
    for (const frame of wrong) expect(schemas.faults('event.presence.updated', frame)).not.toEqual([]);
    expect(schemas.faults('socketIo.join', { guild: 'dworld' })).not.toEqual([]);
    expect(schemas.faults('nothing.of.the.kind', {})).not.toEqual([]);
  });
});
