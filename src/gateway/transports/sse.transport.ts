import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Response } from 'express';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { Backlog } from '../backlog.js';
import { ClientAdmission } from '../client-admission.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { type GuildRoom } from '../guild-room.js';
import { type JoinRequest, type Joined, JoinService } from '../join.service.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';
import { type Frame, RoomLane } from './room-lane.js';
import { httpChunk, SseStream } from './sse-stream.js';

/** Milliseconds for what is still to be read of a stream that has ended. */
const finishTime = 5_000;

/** One block of the event stream format (WHATWG HTML, section 9.2). The data is one line, since JSON has no raw line ends. */
function block(event: string, data: unknown, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

function eventBlock(event: DomainEvent): string {
  return block(event.type, event, event.cursor);
}

/** Server-sent events: one response per client, written to as long as it lasts. */
@Injectable()
export class SseTransport extends Transport implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'sse';
  private readonly lanes = new Map<string, RoomLane<SseStream>>();
  private readonly streams = new Set<SseStream>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    private readonly joins: JoinService,
    private readonly admission: ClientAdmission,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
    this.heartbeat = setInterval(() => this.beat(), this.config.HEARTBEAT_SECONDS * 1000);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.heartbeat);
    // Clients come back by themselves, with the id of the last event they saw.
    for (const { response } of this.streams) finish(response);
  }

  /** Answers with the stream. @throws Fault as `JoinService.join`; then nothing was written. */
  async open(request: JoinRequest, response: Response): Promise<void> {
    // A request that was sent behind another one waits for that one's end, and never hears that the client is gone.
    if (!response.socket && !response.closed) {
      throw new Fault('request.invalid', 'A stream needs a connection of its own: do not pipeline its request.');
    }
    const release = this.admission.connect(this.name);
    if (!release) throw new Fault('service.unavailable', 'No room for another stream now.', { retryAfter: 5 });
    response.once('close', release);
    // A client that is gone before its stream began: the response will never say "close" again.
    if (response.closed) return release();
    try {
      await this.joins.join(request, (joined) => this.enter(joined, response));
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
    const lane = this.lanes.get(room.guildId);
    for (const stream of lane?.everybody() ?? []) {
      lane?.catchUp(stream);
      finish(stream.response);
    }
  }

  private enter(joined: Joined, response: Response): void {
    if (response.closed) return;
    if (this.admission.draining) throw new Fault('service.unavailable', 'This service stops.', { retryAfter: 5 });
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': joined.entry.door === 'open' ? 'no-cache, no-transform' : 'private, no-store, no-transform',
      Connection: 'keep-alive',
      // Reverse proxies must not collect the stream before passing it on.
      'X-Accel-Buffering': 'no',
    });
    if (response.req.method === 'HEAD') return void response.end();
    const bytes = Buffer.from(firstBlocks(joined));
    const backlog = new Backlog(this.config.SLOW_CLIENT_BYTES);
    backlog.takesAnswer(0, bytes.length);
    response.write(bytes);
    this.listen(joined.room, new SseStream(response, backlog, () => this.admission.slowReaderCut(this.name)));
  }

  private listen(room: GuildRoom, stream: SseStream): void {
    let lane = this.lanes.get(room.guildId);
    if (!lane) this.lanes.set(room.guildId, (lane = new RoomLane()));
    const entered = lane;
    entered.enter(stream);
    this.streams.add(stream);
    room.occupants += 1;
    stream.response.once('close', () => {
      this.streams.delete(stream);
      room.occupants -= 1;
      entered.leave(stream);
      if (entered.size === 0 && this.lanes.get(room.guildId) === entered) this.lanes.delete(room.guildId);
    });
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

/** A reader that does not take the rest must not keep the connection for that. */
function finish(stream: Response): void {
  stream.end();
  setTimeout(() => stream.destroy(), finishTime).unref();
}

function firstBlocks(joined: Joined): string {
  if (!joined.recovered) {
    const { room, entry } = joined;
    return room.snapshotText(entry, 'sse', (snapshot) => block('snapshot', snapshot, snapshot.cursor));
  }
  const { cursor, missed } = joined;
  return block('resumed', { cursor }, cursor) + missed.map((event) => eventBlock(event)).join('');
}
