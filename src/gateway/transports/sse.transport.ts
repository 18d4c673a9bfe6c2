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
  private readonly rooms = new Map<string, Set<Response>>();
  private readonly streams = new Map<Response, Backlog>();
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
    for (const stream of this.streams.keys()) finish(stream);
  }

  /** Answers with the stream. @throws Fault as `JoinService.join`; then nothing was written. */
  async open(request: JoinRequest, response: Response): Promise<void> {
    // A request that was sent behind another one waits for that one's end, and never hears that the client is gone.
    if (!response.socket && !response.closed) {
      throw new Fault('request.invalid', 'A stream needs a connection of its own: do not pipeline its request.');
    }
    const release = this.admission.connect();
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

  send(room: GuildRoom, event: DomainEvent): void {
    const streams = this.rooms.get(room.guildId);
    if (!streams) return;
    const bytes = Buffer.from(eventBlock(event));
    for (const stream of streams) this.write(stream, bytes);
  }

  end(room: GuildRoom): void {
    for (const stream of [...(this.rooms.get(room.guildId) ?? [])]) finish(stream);
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
    this.listen(joined.room, response, backlog);
  }

  private listen(room: GuildRoom, response: Response, backlog: Backlog): void {
    let streams = this.rooms.get(room.guildId);
    if (!streams) this.rooms.set(room.guildId, (streams = new Set()));
    streams.add(response);
    this.streams.set(response, backlog);
    room.occupants += 1;
    response.once('close', () => {
      this.streams.delete(response);
      room.occupants -= 1;
      const left = this.rooms.get(room.guildId);
      left?.delete(response);
      if (left?.size === 0) this.rooms.delete(room.guildId);
    });
  }

  private write(stream: Response, bytes: Buffer | string): void {
    if (stream.writableEnded) return;
    if (this.streams.get(stream)?.tooMuch(stream.writableLength)) stream.destroy();
    else stream.write(bytes);
  }

  /** Without an id: a heartbeat is not a place to resume from. */
  private beat(): void {
    const bytes = block('heartbeat', { at: new Date().toISOString() });
    for (const stream of this.streams.keys()) this.write(stream, bytes);
  }
}

/** A reader that does not take the rest must not keep the connection for that. */
function finish(stream: Response): void {
  stream.end();
  setTimeout(() => stream.destroy(), finishTime).unref();
}

function firstBlocks(joined: Joined): string {
  if (!joined.recovered) return block('snapshot', joined.snapshot, joined.cursor);
  const { cursor, missed } = joined;
  return block('resumed', { cursor }, cursor) + missed.map((event) => eventBlock(event)).join('');
}
