import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { type ApiKey } from '../../access/api-keys.js';
import { CallerKey } from '../../access/caller-key.decorator.js';
import { Public } from '../../access/public.decorator.js';
import { domainEvent } from '../../domain/events/index.js';
import { guildSnapshot } from '../../domain/guild-snapshot.js';
import { RateLimit } from '../../rate-limit/rate-limit.decorator.js';
import { ClientAdmission } from '../client-admission.js';
import { type Joined, type JoinRequest, JoinService } from '../join.service.js';
import { type TransportName } from '../transport.js';
import { LongPollTransport } from './long-poll.transport.js';
import { SseTransport } from './sse.transport.js';

const eventsQuery = z.object({
  /** Anything: what is not a cursor of ours means a fresh start, not an error. Given twice it is none. */
  cursor: z.union([z.string(), z.array(z.string()).transform(String)]).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** Seconds to wait for an event when there is none yet. */
  wait: z.coerce.number().int().min(0).max(30).default(0),
});
class EventsQuery extends createZodDto(eventsQuery) {}

const eventsPage = z.object({
  recovered: z.boolean(),
  /** Ask with this next time. */
  cursor: z.string(),
  events: z.array(domainEvent),
  snapshot: guildSnapshot.nullable(),
});
class EventsPage extends createZodDto(eventsPage) {}

/** The events of a guild over HTTP: a stream for those who ask for one, else what happened since a cursor. */
@ApiTags('guilds')
@Controller('api/v1/guilds/:guild/events')
export class GuildEventsController {
  constructor(
    private readonly stream: SseTransport,
    private readonly polls: LongPollTransport,
    private readonly joins: JoinService,
    private readonly admission: ClientAdmission,
  ) {}

  @Get()
  @Public()
  @RateLimit('join')
  @ApiOperation({
    summary: 'Live events of a guild, or the events after a cursor',
    description:
      'With `Accept: text/event-stream` a stream: first `snapshot` (or `resumed`, when `Last-Event-ID` or `cursor` names a ' +
      'place the log still holds), then one block for each event, named by its type. Otherwise a page of events; with ' +
      '`wait` it comes as soon as there is an event, or when that many seconds are over.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: EventsPage })
  async events(
    @Param('guild') guild: string,
    @Query() query: EventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CallerKey() apiKey: ApiKey | undefined,
    @Res() response: Response,
  ): Promise<void> {
    // A browser that reconnects names its newest event in the header; the address still says where it once began.
    const stream = wantsStream(response.req);
    const transport: TransportName = stream ? 'sse' : 'polling';
    const { req } = response;
    const credentials = { ...this.admission.shownBy(req.headers), ...(apiKey && { apiKey }) };
    const address = this.admission.addressOf(req.socket.remoteAddress, req.headers);
    const request = { transport, guild, cursor: lastEventId ?? query.cursor, credentials, address };
    await this.admission.admitRequest(address);
    await (stream ? this.stream.open(request, response) : this.answerPage(request, query, response));
  }

  private async answerPage(
    request: JoinRequest & { address: string },
    { limit, wait }: EventsQuery,
    response: Response,
  ): Promise<void> {
    const poll = this.polls.open(request.address);
    response.once('close', () => poll.end());
    const deadline = performance.now() + wait * 1000;
    try {
      for (let answered = false; !answered && !response.closed;) {
        let change: Promise<void> | undefined;
        await this.joins.join(request, (joined) => {
          const left = deadline - performance.now();
          if (joined.recovered && joined.missed.length === 0 && left > 0 && !poll.ended) {
            change = poll.next(joined.room, left);
            return;
          }
          answered = true;
          response.setHeader('Cache-Control', joined.entry.door === 'open' ? 'no-cache' : 'private, no-store');
          response.json(page(joined, limit));
        });
        await change;
      }
    } finally {
      poll.end();
    }
  }
}

function wantsStream(request: Request): boolean {
  return (request.headers.accept ?? '').includes('text/event-stream');
}

function page(joined: Joined, limit: number): z.infer<typeof eventsPage> {
  if (!joined.recovered) {
    return { recovered: false, cursor: joined.cursor, events: [], snapshot: joined.snapshot };
  }
  const events = joined.missed.slice(0, limit);
  return { recovered: true, cursor: events.at(-1)?.cursor ?? joined.cursor, events, snapshot: null };
}
