import { UseFilters, UseInterceptors } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Server, type Socket } from 'socket.io';
import { type z } from 'zod';
import { ApiKeys } from '../../access/api-keys.js';
import { AttemptLimiter } from '../../access/attempt-limiter.js';
import { identifyKey } from '../../access/identify-key.js';
import { Fault } from '../../domain/fault.js';
import { RateLimit } from '../../rate-limit/rate-limit.decorator.js';
import { RateLimitInterceptor } from '../../rate-limit/rate-limit.interceptor.js';
import { ClientAdmission } from '../client-admission.js';
import { type Credentials } from '../guild-access.js';
import { type DirectoryEntry } from '../guild-directory.js';
import { plainJson } from '../guild-room.js';
import { type Joined, JoinService } from '../join.service.js';
import { sharedBytesOf } from '../shared-bytes.js';
import { SocketIoFilter } from './socket-io.filter.js';
import { joinMessage, leaveMessage } from './socket-io.schemas.js';
import { eventFrame, SocketIoTransport } from './socket-io.transport.js';

type Acknowledge = ((answer: unknown) => void) | undefined;

const guildList = sharedBytesOf((entries: readonly DirectoryEntry[]) =>
  JSON.stringify(
    entries.map(({ id, name, alias, iconUrl, default: isDefault, door }) => {
      return { id, name, alias, iconUrl: door === 'open' ? iconUrl : null, default: isDefault, door };
    }),
  ),
);

/** What socket.io clients may ask: `guilds`, `join`, `leave`. Each is acknowledged with its answer or `{error}`. */
@WebSocketGateway()
@UseInterceptors(RateLimitInterceptor)
@UseFilters(SocketIoFilter)
export class SocketIoGateway implements OnGatewayInit<Server>, OnGatewayConnection<Socket> {
  constructor(
    private readonly joins: JoinService,
    private readonly keys: ApiKeys,
    private readonly attempts: AttemptLimiter,
    private readonly admission: ClientAdmission,
    private readonly transport: SocketIoTransport,
  ) {}

  afterInit(server: Server): void {
    this.transport.watch(server);
  }

  handleConnection(socket: Socket): void {
    this.transport.admit(socket);
  }

  @SubscribeMessage('guilds')
  @RateLimit('socket')
  async guilds(@ConnectedSocket() socket: Socket, @Ack() acknowledge: Acknowledge): Promise<void> {
    const ready = this.transport.readyAnswer(socket, '{"guilds":', guildList(await this.joins.list()), '}');
    this.mustTake(socket, ready?.bytes ?? 0);
    answer(socket, acknowledge, 'guilds', ready);
  }

  @SubscribeMessage('join')
  @RateLimit('join')
  async join(
    @ConnectedSocket() socket: Socket,
    @MessageBody() body: unknown,
    @Ack() acknowledge: Acknowledge,
  ): Promise<void> {
    const { guildId, cursor, auth } = read(joinMessage, body);
    const address = this.admission.addressOf(socket.handshake.address, socket.handshake.headers);
    const shown = this.admission.shownBy(socket.handshake.headers);
    const credentials = { ...shown, ...(await this.credentials(auth, address)) };
    const transport = 'socket.io' as const;
    const request = { transport, guild: guildId, cursor: cursor ?? undefined, credentials, address };
    await this.joins.join(request, (joined) => this.enter(socket, acknowledge, joined));
  }

  @SubscribeMessage('leave')
  @RateLimit('socket')
  async leave(
    @ConnectedSocket() socket: Socket,
    @MessageBody() body: unknown,
    @Ack() acknowledge: Acknowledge,
  ): Promise<void> {
    const { guildId } = read(leaveMessage, body);
    const left = (await this.joins.find(guildId))?.id ?? guildId;
    this.transport.leave(socket, left);
    answer(socket, acknowledge, 'left', { guildId: left });
  }

  /** The answer leaves before the socket hears its room, and nothing comes between the two. */
  private enter(socket: Socket, acknowledge: Acknowledge, joined: Joined): void {
    if (!socket.connected) return;
    const { room, entry, cursor, recovered } = joined;
    const { guildId } = room;
    this.transport.mustHaveRoomFor(socket, guildId);
    const place = { guildId, cursor, recovered };
    if (joined.recovered) {
      const missed = joined.missed.map(eventFrame);
      this.mustTake(
        socket,
        missed.reduce((sum, { bytes }) => sum + bytes.length, 0),
      );
      // A second join starts again from its own answer: nothing of the former stay may come after it.
      this.transport.leave(socket, guildId);
      answer(socket, acknowledge, 'joined', { ...place, snapshot: null });
      this.transport.replay(socket, missed);
    } else {
      const before = `${JSON.stringify(place).slice(0, -1)},"snapshot":`;
      const ready = this.transport.readyAnswer(socket, before, room.snapshotBytes(entry, plainJson), '}');
      this.mustTake(socket, ready?.bytes ?? 0);
      this.transport.leave(socket, guildId);
      answer(socket, acknowledge, 'joined', ready);
    }
    this.transport.enter(socket, room, joined.visit);
  }

  private mustTake(socket: Socket, bytes: number): void {
    if (this.transport.takesAnswer(socket, bytes)) return;
    throw new Fault('rate.limited', 'Read what was sent before asking for more.', { retryAfter: 5 });
  }

  private async credentials(auth: z.infer<typeof joinMessage>['auth'], address: string): Promise<Credentials> {
    if (!auth) return {};
    const { key, ...shown } = auth;
    return key === undefined ? shown : { ...shown, apiKey: await identifyKey(this.keys, this.attempts, key, address) };
  }
}

/** A client that gave no acknowledgement gets the answer as a message. */
function answer(socket: Socket, acknowledge: Acknowledge, message: string, content: unknown): void {
  if (acknowledge) acknowledge(content);
  else socket.emit(message, content);
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  throw new Fault('request.invalid', detail, { errors });
}
