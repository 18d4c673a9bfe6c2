import { type RawData, type WebSocket } from 'ws';
import { type Close, closes, opcodes } from './gateway-codes.js';
import { parseCommand, parseIdentify, parseMemberRequest, parsePresence, parseResume } from './gateway-commands.js';
import { type GatewaySession } from './gateway-session.js';
import { type GatewaySessions } from './gateway-sessions.js';

/** Payloads a client may send in a minute, and the bytes of each. */
const commandsPerMinute = 120;
const largestCommand = 4096;

export interface Heartbeats {
  /** Milliseconds. */
  interval: number;
  /** False = they meet silence, so that clients take the connection for dead. */
  answered: boolean;
}

/** One WebSocket of a client, from HELLO to its close. */
export class GatewayConnection {
  private session?: GatewaySession;
  private commands = { count: 0, since: Date.now() };
  /** Set when the fake ends the connection: what the client still sends is not heard. */
  private closing = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly sessions: GatewaySessions,
    private readonly heartbeats: Heartbeats,
  ) {
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    socket.on('close', (code) => this.ended(code));
    // A reset is followed by `close`, which is where it is dealt with.
    socket.on('error', () => undefined);
    this.send(opcodes.hello, { heartbeat_interval: heartbeats.interval });
  }

  /** Of the session it holds. */
  get shard(): number | undefined {
    return this.session?.shard[0];
  }

  /** Without a code the TCP connection is cut, so that the client sees 1006. */
  cut(code?: number): void {
    this.letGo();
    this.closing = true;
    if (code === undefined) this.socket.terminate();
    else this.socket.close(code);
  }

  /** Asks the client to come back and resume. */
  askReconnect(): void {
    this.send(opcodes.reconnect, null);
  }

  close(reason: Close): void {
    const [code, words] = closes[reason];
    this.letGo();
    this.closing = true;
    this.socket.close(code, words);
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (this.closing) return;
    // ws hands out one Buffer as long as its `binaryType` is left alone.
    const bytes = data as Buffer;
    const command = isBinary || bytes.length > largestCommand ? undefined : parseCommand(bytes.toString());
    if (!command) return this.close('decodeError');
    if (this.tooMany()) return this.close('rateLimited');
    const { op, d } = command;
    switch (op) {
      case opcodes.heartbeat:
        if (this.heartbeats.answered) this.send(opcodes.heartbeatAck);
        return;
      case opcodes.identify:
        return this.session ? this.close('alreadyAuthenticated') : this.identify(d);
      case opcodes.resume:
        return this.session ? this.close('alreadyAuthenticated') : this.resume(d);
      case opcodes.presenceUpdate:
      case opcodes.voiceStateUpdate:
      case opcodes.requestGuildMembers:
        return this.session ? this.act(this.session, op, d) : this.close('notAuthenticated');
      default:
        return this.close('unknownOpcode');
    }
  }

  private identify(d: unknown): void {
    const identify = parseIdentify(d);
    if (!identify) return this.close('decodeError');
    const begun = this.sessions.begin(identify);
    if (typeof begun === 'string') return this.close(begun);
    const away = this.sessions.away.has(begun.shard[0]);
    if (away || !this.sessions.takeTurn(begun.shard[0])) {
      this.sessions.forget(begun);
      // That it is another's turn, Discord says in this way and not by a close.
      return away ? this.cut() : this.send(opcodes.invalidSession, false);
    }
    this.hold(begun);
    this.sessions.welcome(begun);
    this.meetDoom();
  }

  private resume(d: unknown): void {
    const resume = parseResume(d);
    if (!resume) return this.close('decodeError');
    if (!this.sessions.knowsToken(resume.token)) return this.close('authenticationFailed');
    const session = this.sessions.resumable(resume.sessionId);
    if (session && resume.sequence > session.newest) return this.close('invalidSequence');
    if (session && this.sessions.away.has(session.shard[0])) return this.cut();
    const missed = session?.since(resume.sequence);
    if (!session || !missed) return this.send(opcodes.invalidSession, false);
    for (const text of missed) this.socket.send(text);
    const told = session.newest;
    const finish = (): void => {
      if (this.closing || this.socket.readyState !== this.socket.OPEN) return;
      for (const text of session.since(told) ?? []) this.socket.send(text);
      this.hold(session);
      this.sessions.resumed(session);
      this.meetDoom();
    };
    if (this.sessions.replayPause === 0) finish();
    else setTimeout(finish, this.sessions.replayPause).unref();
  }

  private act(session: GatewaySession, op: number, d: unknown): void {
    if (op === opcodes.presenceUpdate) {
      const presence = parsePresence(d);
      if (presence) this.sessions.showBot(presence);
      else this.close('decodeError');
    } else if (op === opcodes.requestGuildMembers) {
      const request = parseMemberRequest(d);
      if (request) this.sessions.answerMembers(session, request);
      else this.close('decodeError');
    }
    // A voice state has no effect: the bot stays out of voice channels.
  }

  private hold(session: GatewaySession): void {
    this.session = session;
    session.attach({ send: (text) => this.socket.send(text), displace: () => this.cut() });
  }

  private meetDoom(): void {
    const code = this.sessions.doomed.shift();
    if (code !== undefined) this.cut(code);
  }

  private letGo(): void {
    if (!this.session) return;
    this.session.detach();
    this.sessions.left(this.session);
    this.session = undefined;
  }

  private ended(code: number): void {
    const session = this.session;
    this.letGo();
    // A client that says goodbye ends its session; after any other close it may resume.
    if (session && (code === 1000 || code === 1001)) this.sessions.forget(session);
  }

  private send(op: number, d: unknown = null): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  private tooMany(): boolean {
    const now = Date.now();
    if (now - this.commands.since > 60_000) this.commands = { count: 0, since: now };
    this.commands.count += 1;
    return this.commands.count > commandsPerMinute;
  }
}
