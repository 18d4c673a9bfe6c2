import { Adapter, type BroadcastOptions } from 'socket.io-adapter';
import { Backlog } from '../backlog.js';
import { type EngineClient, EngineMember } from './engine-member.js';
import { RoomLane } from './room-lane.js';
import { webSocketFrame } from './web-socket-frame.js';

/** The parts of socket.io's namespace and sockets that an adapter works with. */
interface AdaptedSocket {
  id: string;
  client: EngineClient;
}

interface Packet {
  type: number;
  nsp: string;
}

interface AdaptedNamespace {
  name: string;
  sockets: Map<string, AdaptedSocket>;
  server: { encoder: { encode(packet: Packet): unknown[] } };
}

/** socket.io's number for an event packet. */
const eventPacket = 2;

/**
 * socket.io's rooms, with the cost of a room's event taken off its members: one encoding, one WebSocket frame, one write
 * per member and turn of the event loop. Whatever is not a plain event to one whole room goes socket.io's own way.
 */
export class RoomAdapter extends Adapter {
  private readonly lanes = new Map<string, RoomLane<EngineMember>>();
  private readonly members = new Map<string, EngineMember>();
  private readonly namespace: AdaptedNamespace;
  private bound = Infinity;
  private onSlow: (socketId: string) => void = () => undefined;

  constructor(namespace: unknown) {
    super(namespace);
    this.namespace = namespace as AdaptedNamespace;
  }

  /** Readers for whom more than `bytes` wait get nothing more from their rooms, and `onSlow` hears of each once. */
  limitReaders(bytes: number, onSlow: (socketId: string) => void): void {
    this.bound = bytes;
    this.onSlow = onSlow;
  }

  override addAll(id: string, rooms: Set<string>): void {
    void super.addAll(id, rooms);
    for (const room of rooms) {
      // The room of the socket's own name is for direct messages: it keeps the ordinary path.
      if (room === id) continue;
      const member = this.memberOf(id);
      if (!member) return;
      let lane = this.lanes.get(room);
      if (!lane) this.lanes.set(room, (lane = new RoomLane()));
      lane.enter(member);
      member.lanes.add(lane);
    }
  }

  override del(id: string, room: string): void {
    // What happened while it was there it still gets, above all the end of the room.
    const member = this.members.get(id);
    if (member) this.lanes.get(room)?.catchUp(member);
    this.leaveLane(id, room);
    void super.del(id, room);
  }

  override delAll(id: string): void {
    for (const room of this.sids.get(id) ?? []) this.leaveLane(id, room);
    this.members.delete(id);
    super.delAll(id);
  }

  override broadcast(packet: Packet, options: BroadcastOptions): void {
    const lane = this.laneFor(options);
    if (!lane || packet.type !== eventPacket) return super.broadcast(packet, options);
    packet.nsp = this.namespace.name;
    const encoded = this.namespace.server.encoder.encode(packet);
    const [text] = encoded;
    // More than one part: a text and binary attachments.
    if (encoded.length !== 1 || typeof text !== 'string') return super.broadcast(packet, options);
    // In engine.io's protocol a message is a 4 and what it carries.
    lane.push({ bytes: webSocketFrame(`4${text}`), text });
  }

  /** Undefined when there is no such socket, or not any more. */
  memberOf(id: string): EngineMember | undefined {
    const known = this.members.get(id);
    if (known) return known;
    const socket = this.namespace.sockets.get(id);
    if (!socket) return undefined;
    const member = new EngineMember(socket.client, new Backlog(this.bound), () => this.onSlow(id));
    this.members.set(id, member);
    return member;
  }

  private laneFor({ rooms, except, flags }: BroadcastOptions): RoomLane<EngineMember> | undefined {
    if (rooms.size !== 1 || (except && except.size > 0) || flags?.volatile || flags?.compress) return undefined;
    const [room] = rooms;
    return room === undefined ? undefined : this.lanes.get(room);
  }

  private leaveLane(id: string, room: string): void {
    const lane = this.lanes.get(room);
    const member = this.members.get(id);
    if (!lane || !member) return;
    lane.leave(member);
    member.lanes.delete(lane);
    if (lane.size === 0) this.lanes.delete(room);
  }
}
