import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Response } from 'express';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { Backlog } from '../backlog.js';
import { Connections } from '../connections.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../gateway.metrics.js';
import { type GuildRoom, plainJson } from '../guild-room.js';
import { lettingOutOf } from '../letting-out.js';
import { type JoinRequest, type Joined, JoinService } from '../join.service.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';
import { type Frame, RoomLane } from './room-lane.js';
import { VanishedPeers } from './vanished-peers.js';
import { block, blockHead, type FirstBlock, httpChunk, SseStream } from './sse-stream.js';

function eventBlock(event: DomainEvent): string {
  return block(event.type, event, event.cursor);
}

/** Server-sent events: one response per client, written to as long as it lasts. */
@Injectable()
export class SseTransport extends Transport implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'sse';
  private readonly lanes = new Map<string, RoomLane<SseStream>>();
  private readonly streams = new Set<SseStream>();
  private readonly peers: VanishedPeers;
  private heartbeat: NodeJS.Timeout | undefined;
  private look: NodeJS.Timeout | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    private readonly joins: JoinService,
    private readonly connections: Connections,
    private readonly metrics: GatewayMetrics,
  ) {
    super();
    // A little less than lies between two looks, so that the second one of a silence tells.
    this.peers = new VanishedPeers(config.HEARTBEAT_SECONDS * 400);
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
    this.heartbeat = setInterval(() => this.beat(), this.config.HEARTBEAT_SECONDS * 1000);
    this.look = setInterval(() => void this.endVanished(), this.config.HEARTBEAT_SECONDS * 500);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.heartbeat);
    clearInterval(this.look);
  }

  /** Answers with the stream. @throws Fault as `JoinService.join`; then nothing was written. */
  async open(request: JoinRequest & { address: string }, response: Response): Promise<void> {
    // A request that was sent behind another one waits for that one's end, and never hears that the client is gone.
    if (!response.socket && !response.closed) {
      throw new Fault('request.invalid', 'A stream needs a connection of its own: do not pipeline its request.');
    }
    const backlog = new Backlog(this.config.SLOW_CLIENT_BYTES);
    const slow = () => this.metrics.slowReadersCut.inc({ transport: this.name });
    const stream = new SseStream(response, request.address, backlog, slow);
    const release = this.connections.add(stream);
    response.once('close', release);
    // A client that is gone before its stream began: the response will never say "close" again.
    if (response.closed) return release();
    try {
      await this.joins.join(request, (joined) => this.enter(joined, stream));
    } catch (error) {
      release();
      throw error;
    }
  }

  send(room: GuildRoom, event: DomainEvent): number {
    const lane = this.lanes.get(room.guildId);
    if (!lane) return 0;
    lane.push(frameOf(eventBlock(event)));
    return lane.size;
  }

  end(room: GuildRoom): void {
    for (const stream of [...(this.lanes.get(room.guildId)?.everybody() ?? [])]) stream.end();
  }

  private enter(joined: Joined, stream: SseStream): void {
    const { response } = stream;
    if (response.closed) return;
    if (this.connections.draining) throw new Fault('service.unavailable', 'This service stops.', { retryAfter: 5 });
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': joined.entry.door === 'open' ? 'no-cache, no-transform' : 'private, no-store, no-transform',
      Connection: 'keep-alive',
      // Reverse proxies must not collect the stream before passing it on.
      'X-Accel-Buffering': 'no',
    });
    if (response.req.method === 'HEAD') return void response.end();
    stream.begin(firstBlocks(joined));
    const { room, visit } = joined;
    this.listen(room, stream);
    visit?.begin((reason) => stream.end(eventBlock(lettingOutOf(room, reason))));
    response.once('close', () => visit?.end());
  }

  private listen(room: GuildRoom, stream: SseStream): void {
    let lane = this.lanes.get(room.guildId);
    if (!lane) this.lanes.set(room.guildId, (lane = new RoomLane()));
    const entered = lane;
    entered.enter(stream);
    stream.lane = entered;
    this.streams.add(stream);
    room.occupants += 1;
    stream.response.once('close', () => {
      this.streams.delete(stream);
      room.occupants -= 1;
      entered.leave(stream);
      stream.lane = undefined;
      if (entered.size === 0 && this.lanes.get(room.guildId) === entered) this.lanes.delete(room.guildId);
    });
  }

  /** Reset, not ended: what the kernel holds for such a peer, nobody will ever take. */
  private async endVanished(): Promise<void> {
    const sockets = [...this.streams].flatMap(({ response: { socket } }) => socket ?? []);
    for (const socket of await this.peers.among(sockets)) socket.resetAndDestroy();
  }

  /** Without an id: a heartbeat is not a place to resume from. Its order among the events does not matter. */
  private beat(): void {
    const frame = frameOf(block('heartbeat', { at: new Date().toISOString() }));
    for (const stream of this.streams) stream.write(frame.bytes, [frame]);
  }
}

function frameOf(text: string): Frame {
  return { bytes: httpChunk(text), text };
}

function firstBlocks(joined: Joined): FirstBlock {
  if (!joined.recovered) {
    const { room, entry, cursor } = joined;
    return { before: blockHead('snapshot', cursor), shared: room.snapshotBytes(entry, plainJson), after: '\n\n' };
  }
  const { cursor, missed } = joined;
  return { before: block('resumed', { cursor }, cursor), after: missed.map((event) => eventBlock(event)).join('') };
}
