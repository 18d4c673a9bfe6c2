import { Encoder, type Packet } from 'socket.io-parser';
import { type SharedBytes } from '../shared-bytes.js';
import { type EngineMember } from './engine-member.js';

/**
 * An answer on socket.io whose greater part is ready bytes: JSON that begins with `before`, goes on with `shared` and
 * ends with `after`. It is not serialised for its receiver.
 */
export class ReadyAnswer {
  constructor(
    private readonly member: EngineMember,
    private readonly parts: { before: string; shared: SharedBytes; after: string },
  ) {}

  get bytes(): number {
    const { before, shared, after } = this.parts;
    return before.length + shared.plain.length + after.length;
  }

  /** What is left for socket.io to send: nothing, or all of it where ready bytes cannot be taken. */
  send(head: string, tail: string): string[] {
    const { before, shared, after } = this.parts;
    if (this.member.writeAround(head + before, shared, after + tail)) return [];
    return [`${head}${before}${shared.plain.toString()}${after}${tail}`];
  }
}

/** socket.io's encoder, for which a `ReadyAnswer` at the end of a packet is written past it. */
export class ReadyAnswerEncoder extends Encoder {
  override encode(packet: Packet): unknown[] {
    const data: unknown = packet.data;
    const last: unknown = Array.isArray(data) ? data.at(-1) : undefined;
    if (!Array.isArray(data) || !(last instanceof ReadyAnswer)) return super.encode(packet);
    // Type, number, and the beginning of the list of arguments (socket.io's protocol, version 5).
    const names = data.slice(0, -1).map((name) => `${JSON.stringify(name)},`);
    return last.send(`${packet.type}${packet.id ?? ''}[${names.join('')}`, ']');
  }
}
