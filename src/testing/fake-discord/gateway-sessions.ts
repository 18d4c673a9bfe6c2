import { randomBytes } from 'node:crypto';
import { type Close, opcodes } from './gateway-codes.js';
import { type BotPresence, type Identify, type MemberRequest } from './gateway-commands.js';
import { type GatewayEvent } from './gateway-event.js';
import { GatewaySession } from './gateway-session.js';
import { disallowed, flagsOf, intents as bits, knownIntents } from './intents.js';
import { type ChunkFault, memberChunks } from './member-chunks.js';
import { WatchedList } from './watched-list.js';
import { type World } from './world.js';

export interface SessionRules {
  token: string;
  /** Milliseconds between two requests for all members of one guild. */
  memberRequestInterval: number;
  /** How many Discord recommends, and how many of them may IDENTIFY at once. */
  shards: number;
  maxConcurrency: number;
  /** Milliseconds between two IDENTIFYs whose shards leave the same rest by `maxConcurrency`. */
  identifyInterval: number;
  /** Where clients find the gateway, without a query. */
  url: () => string;
}

export interface SessionStart {
  kind: 'identify' | 'resume';
  sessionId: string;
  shard: readonly [id: number, count: number];
  /** Milliseconds since 1970. */
  at: number;
}

/** Every session that was begun and can still be resumed. */
export class GatewaySessions {
  /** Those that have a connection and were told READY or RESUMED. */
  readonly live = new WatchedList<GatewaySession>('live gateway session');
  /** Every IDENTIFY and RESUME that was granted. */
  readonly starts = new WatchedList<SessionStart>('start of a session');
  /** Every request for members, answered or not. */
  readonly memberRequests = new WatchedList<MemberRequest>('request for members');
  /** Milliseconds between what a RESUME replays and its RESUMED: on a wire they are never one. */
  replayPause = 0;
  /** Close codes for the sessions to come: each ends right after its READY or RESUMED. */
  readonly doomed: number[] = [];
  /** What becomes of the chunks of the answers to come. */
  readonly chunkFaults: ChunkFault[] = [];
  /** Shards that find nobody: their connections are cut as soon as they say which they are. */
  readonly away = new Set<number>();
  private readonly known = new Map<string, GatewaySession>();
  /** When each bucket of shards may IDENTIFY again. */
  private readonly identifyAt = new Map<number, number>();
  /** By guild: when all of its members may be asked for again. */
  private readonly freeAt = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly rules: SessionRules,
  ) {
    world.onEvent((event) => this.tell(event));
  }

  knowsToken(token: unknown): boolean {
    return token === this.rules.token || token === `Bot ${this.rules.token}`;
  }

  begin({ token, intents, shard, largeThreshold, presence }: Identify): GatewaySession | Close {
    if (!this.knowsToken(token)) return 'authenticationFailed';
    if (intents === undefined || (intents & ~knownIntents) !== 0) return 'invalidIntents';
    if (disallowed(intents, this.world.allowed)) return 'disallowedIntents';
    if (!shard) return 'invalidShard';
    const session = new GatewaySession({ id: randomBytes(16).toString('hex'), intents, shard, largeThreshold });
    this.known.set(session.id, session);
    this.showBot(presence ?? { status: 'online', activities: [] });
    return session;
  }

  /** READY, then each guild. */
  welcome(session: GatewaySession): void {
    const { bot } = this.world;
    const guilds = [...this.world.guilds.values()].filter(({ id }) => session.covers(id));
    session.dispatch('READY', {
      v: 10,
      user: { ...bot, email: null, verified: true, mfa_enabled: true, flags: 0 },
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      session_type: 'normal',
      resume_gateway_url: this.rules.url(),
      shard: session.shard,
      application: { id: bot.id, flags: flagsOf(this.world.allowed) },
      private_channels: [],
      relationships: [],
      presences: [],
      user_settings: {},
    });
    if ((session.intents & bits.guilds) !== 0) {
      for (const guild of guilds) {
        if (guild.available) session.dispatch('GUILD_CREATE', guild.snapshot(session.intents, session.largeThreshold));
      }
    }
    this.started('identify', session);
  }

  resumable(sessionId: string): GatewaySession | undefined {
    return this.known.get(sessionId);
  }

  /** What was missed was sent. */
  resumed(session: GatewaySession): void {
    session.resumes += 1;
    session.dispatch('RESUMED', {});
    this.started('resume', session);
  }

  /** Its connection ended. */
  left(session: GatewaySession): void {
    this.live.remove(session);
  }

  forget(session: GatewaySession): void {
    this.known.delete(session.id);
  }

  /** Those of one shard, or all. */
  forgetAll(shard?: number): void {
    for (const session of this.known.values()) {
      if (shard === undefined || session.shard[0] === shard) this.known.delete(session.id);
    }
  }

  /** Takes the turn of a shard's bucket; false while it is another's. */
  takeTurn(shard: number): boolean {
    const bucket = shard % this.rules.maxConcurrency;
    const now = Date.now();
    if ((this.identifyAt.get(bucket) ?? 0) > now) return false;
    this.identifyAt.set(bucket, now + this.rules.identifyInterval);
    return true;
  }

  showBot({ status, activities }: BotPresence): void {
    this.world.showBot(status, activities);
  }

  answerMembers(session: GatewaySession, request: MemberRequest): void {
    this.memberRequests.add(request);
    const guild = this.world.guilds.get(request.guildId);
    const whole = request.query === '' && request.limit === 0;
    // These are left without any answer: the client's own timeout ends them.
    if (!guild?.available || !session.covers(guild.id)) return;
    if (whole && (session.intents & bits.guildMembers) === 0) return;
    if (request.presences && (session.intents & bits.guildPresences) === 0) return;
    if (whole && this.limited(session, request)) return;
    const chunks = memberChunks(guild, request);
    const spoilt = this.chunkFaults.shift()?.(chunks) ?? chunks;
    for (const chunk of spoilt) session.dispatch('GUILD_MEMBERS_CHUNK', chunk);
  }

  private limited(session: GatewaySession, { guildId, nonce }: MemberRequest): boolean {
    const free = this.freeAt.get(guildId) ?? 0;
    const now = Date.now();
    if (free <= now) {
      this.freeAt.set(guildId, now + this.rules.memberRequestInterval);
      return false;
    }
    session.dispatch('RATE_LIMITED', {
      opcode: opcodes.requestGuildMembers,
      retry_after: (free - now) / 1000,
      meta: { guild_id: guildId, nonce },
    });
    return true;
  }

  private started(kind: SessionStart['kind'], session: GatewaySession): void {
    this.starts.add({ kind, sessionId: session.id, shard: session.shard, at: Date.now() });
    this.live.add(session);
  }

  private tell(event: GatewayEvent): void {
    for (const session of this.known.values()) {
      if (!session.hears(event)) continue;
      session.dispatch(event.t, event.payload(session.intents, session.largeThreshold));
    }
  }
}
