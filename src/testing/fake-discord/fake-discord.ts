import { type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { type FakeGuild } from './fake-guild.js';
import { GatewayServer } from './gateway-server.js';
import { type FakeInteraction } from './fake-interaction.js';
import { type MemberRequest } from './gateway-commands.js';
import { type GatewaySession } from './gateway-session.js';
import { type SessionStart } from './gateway-sessions.js';
import { type GuildOptions, type UserOptions } from './guild-options.js';
import { type PrivilegedIntents } from './intents.js';
import { type Logins } from './logins.js';
import { type InteractOptions } from './interactions.js';
import { type ChunkFault } from './member-chunks.js';
import { type RateLimit } from './rate-buckets.js';
import { type RefusalOptions, type RequestPattern } from './refusals.js';
import { type RequestRecord, RestServer } from './rest-server.js';
import { type Webhooks } from './webhooks.js';
import { type WireMessage, type WireUser } from './wire.js';
import { type SentMessage, World } from './world.js';

export interface FakeDiscordOptions {
  /** 0 = a free one. */
  port?: number;
  token?: string;
  botUser?: { id?: string; username?: string };
  /** Which privileged intents the application's settings page allows; all by default. */
  intents?: Partial<PrivilegedIntents>;
  /** For each REST bucket; Discord's real ones are lower and differ by route. `window` in milliseconds. */
  rateLimit?: RateLimit;
  /** Milliseconds. */
  heartbeatInterval?: number;
  /** Milliseconds between two requests for all members of one guild. */
  memberRequestInterval?: number;
  /** How many shards Discord recommends, and how many of them may IDENTIFY at once; 1 by default. */
  shards?: number;
  maxConcurrency?: number;
  /** Milliseconds between two IDENTIFYs of one bucket; 0 by default, Discord's is 5000. */
  identifyInterval?: number;
}

/**
 * A Discord of one's own: REST v10 and gateway v10 on one port of this machine, for the tests and for development.
 * What is done to it here is told to the bots that are logged in; what they send can be read in `sent`.
 */
export class FakeDiscord {
  readonly token: string;
  private readonly world: World;
  private readonly gateway: GatewayServer;
  private readonly rest: RestServer;
  private readonly sockets = new Set<Socket>();
  private server?: Server;
  private port: number;

  private constructor(options: FakeDiscordOptions) {
    this.token = options.token ?? 'fake-token';
    this.port = options.port ?? 0;
    const allowed = { presences: true, members: true, messageContent: true, ...options.intents };
    this.world = new World(options.botUser ?? {}, allowed);
    const rules = {
      token: this.token,
      memberRequestInterval: options.memberRequestInterval ?? 30_000,
      shards: options.shards ?? 1,
      maxConcurrency: options.maxConcurrency ?? 1,
      identifyInterval: options.identifyInterval ?? 0,
      url: () => `ws://127.0.0.1:${this.port}/gateway`,
    };
    const heartbeats = { interval: options.heartbeatInterval ?? 41_250, answered: true };
    this.gateway = new GatewayServer(this.world, rules, heartbeats);
    this.rest = new RestServer(this.world, {
      token: this.token,
      rateLimit: options.rateLimit ?? { limit: 50, window: 1000 },
      gatewayRoutes: this.gateway.routes,
    });
  }

  static async start(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
    const discord = new FakeDiscord(options);
    await discord.comeBack();
    return discord;
  }

  /** For `DISCORD_API_URL`, or discord.js's `rest.api`. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.port}/api`;
  }

  get botUser(): Readonly<WireUser> {
    return this.world.bot;
  }

  /** People who log in at applications; the fake's own has the id of the bot user. */
  get logins(): Logins {
    return this.world.logins;
  }

  /** The bot is a member from the start. */
  addGuild(options: GuildOptions): FakeGuild {
    return this.world.addGuild(options);
  }

  /** The bot is thrown out, or the guild is deleted. */
  removeGuild(guildId: string): void {
    this.world.removeGuild(guildId);
  }

  guild(guildId: string): FakeGuild | undefined {
    return this.world.guilds.get(guildId);
  }

  /** Somebody in no guild of the bot, who can be written to. */
  addUser(options: UserOptions): WireUser {
    return this.world.user(options);
  }

  updateUser(userId: string, changes: Partial<Omit<UserOptions, 'id' | 'bot'>>): void {
    this.world.updateUser(userId, changes);
  }

  /** A user writes to the bot. */
  sayToBot({ authorId, ...draft }: { authorId: string; content: string; nonce?: string }): WireMessage {
    const author = this.world.users.get(authorId);
    if (!author) throw new Error(`No user ${authorId}`);
    return this.world.messages.create(this.world.placeOfDm(this.world.dmWith(author)), { author, ...draft });
  }

  /** As some minutes do: a repeated send is a new message from now on. */
  forgetNonces(): void {
    this.world.messages.forgetNonces();
  }

  get webhooks(): Webhooks {
    return this.world.webhooks;
  }

  closeDMs(userId: string): void {
    this.world.closedDms.add(userId);
  }

  openDMs(userId: string): void {
    this.world.closedDms.delete(userId);
  }

  /** Every message the bot or a webhook sent, oldest first. */
  get sent(): readonly SentMessage[] {
    return this.world.sent.items;
  }

  /** The first sent message that fits, from the past or to come. `timeout` in milliseconds. */
  waitForSent(
    predicate: (message: SentMessage) => boolean = () => true,
    { timeout = 5000 }: { timeout?: number } = {},
  ): Promise<SentMessage> {
    return this.world.sent.waitFor(predicate, timeout);
  }

  /** The application commands registered in a guild, or everywhere. */
  commands(guildId?: string): readonly object[] {
    return this.world.commands.get(guildId ?? 'global') ?? [];
  }

  /** A user gives a command, as far as Discord lets them: otherwise an error says why it is not there for them. */
  interact(options: InteractOptions): FakeInteraction {
    return this.world.interactions.give(options);
  }

  /** Sessions with a connection that were told READY or RESUMED. */
  get sessions(): readonly GatewaySession[] {
    return this.gateway.sessions.live.items;
  }

  /** The first live session that fits, now or later. `timeout` in milliseconds. */
  waitForSession({
    timeout = 10_000,
    where = () => true,
  }: { timeout?: number; where?: (session: GatewaySession) => boolean } = {}): Promise<GatewaySession> {
    return this.gateway.sessions.live.waitFor(where, timeout);
  }

  /** Every IDENTIFY and RESUME that was granted, oldest first. */
  get sessionStarts(): readonly SessionStart[] {
    return this.gateway.sessions.starts.items;
  }

  /** Every request for members over the gateway, oldest first. */
  get memberRequests(): readonly MemberRequest[] {
    return this.gateway.sessions.memberRequests.items;
  }

  /** Every REST request, oldest first. */
  get requests(): readonly RequestRecord[] {
    return this.rest.requests.items;
  }

  /** The next request that fits is answered like this, and does nothing. */
  refuseNext(options: RefusalOptions): void {
    this.rest.refusals.refuse(options);
  }

  /** The next request that fits does its work, but the connection breaks before the answer. */
  loseNextAnswer(pattern: RequestPattern): void {
    this.rest.refusals.loseAnswer(pattern);
  }

  /** The next request that fits does nothing and gets no answer, until the client hangs up. */
  leaveNextUnanswered(pattern: RequestPattern): void {
    this.rest.refusals.silence(pattern);
  }

  /** The application's settings page: what is no longer allowed refuses the next IDENTIFY. */
  allowIntents(changes: Partial<PrivilegedIntents>): void {
    Object.assign(this.world.allowed, changes);
  }

  /** Takes back what the orders above ordered. */
  refuseNoMore(): void {
    this.rest.refusals.clear();
  }

  /**
   * Cuts the gateway connections, of one shard or all: over TCP, or with a close code. Unless `resumable`, the next
   * RESUME meets INVALID_SESSION.
   */
  dropSessions({ resumable = true, code, shard }: { resumable?: boolean; code?: number; shard?: number } = {}): void {
    this.gateway.drop({ resumable, code, shard });
  }

  /** Shards that find nobody on the gateway when they come back, until they are no longer named. */
  keepShardsAway(...shards: number[]): void {
    this.gateway.keepAway(shards);
  }

  /** Milliseconds between what a RESUME replays and its RESUMED. */
  pauseReplays(pause: number): void {
    this.gateway.sessions.replayPause = pause;
  }

  /** The sessions to come are closed with these codes, one each, right after READY or RESUMED. */
  dropNextSessions(...codes: number[]): void {
    this.gateway.sessions.doomed.push(...codes);
  }

  /** What becomes of the chunks that answer the next request for members. */
  spoilNextChunks(fault: ChunkFault): void {
    this.gateway.sessions.chunkFaults.push(fault);
  }

  /** How many IDENTIFYs `/gateway/bot` says are left, and for how many milliseconds. Undefined = as many as are. */
  limitSessionStarts(left: { remaining: number; resetAfter: number } | undefined): void {
    this.gateway.startsLeft = left;
  }

  /** Sends op 7: the clients are to come back and resume. */
  askReconnect(): void {
    this.gateway.askReconnect();
  }

  /** False: heartbeats meet silence. */
  answerHeartbeats(answer: boolean): void {
    this.gateway.heartbeats.answered = answer;
  }

  /** Nothing listens on the port any more, and every connection is cut. */
  async goDown(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    this.gateway.drop({ resumable: true });
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Listens again, on the same port. */
  async comeBack(): Promise<void> {
    if (this.server) return;
    const server = createServer((request, response) => {
      // A client that hangs up while it sends is no fault of the fake.
      this.rest.handle(request, response).catch(() => response.destroy());
    });
    // Longer than clients keep a connection: none is to meet a close in the middle of a request.
    server.keepAliveTimeout = 60_000;
    server.on('upgrade', (request, socket, head) => this.gateway.accept(request, socket, head));
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await listenPatiently(server, this.port);
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    await this.goDown();
  }
}

const longestWait = 10_000;

/** While nobody listens on a port, the system may lend it to somebody's outgoing connection for a moment. */
async function listenPatiently(server: Server, port: number): Promise<void> {
  const deadline = Date.now() + longestWait;
  for (;;) {
    const fault = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (!fault) return;
    if (fault.code !== 'EADDRINUSE' || Date.now() > deadline) throw fault;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
