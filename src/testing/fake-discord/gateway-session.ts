import { type GatewayEvent } from './gateway-event.js';

/** Dispatches kept for those who resume. */
const keptDispatches = 20_000;

interface SessionOptions {
  id: string;
  intents: number;
  shard: readonly [id: number, count: number];
  largeThreshold: number;
}

/** How a session reaches its client. */
interface SessionWire {
  send(text: string): void;
  /** Another connection resumed the session. */
  displace(): void;
}

/** What an IDENTIFY began. It outlives its connection: what is dispatched meanwhile waits for a RESUME. */
export class GatewaySession {
  readonly id: string;
  readonly intents: number;
  readonly shard: readonly [id: number, count: number];
  readonly largeThreshold: number;
  /** How often it was resumed. */
  resumes = 0;
  private sequence = 0;
  private readonly dispatched: { sequence: number; text: string }[] = [];
  private wire?: SessionWire;

  constructor({ id, intents, shard, largeThreshold }: SessionOptions) {
    this.id = id;
    this.intents = intents;
    this.shard = shard;
    this.largeThreshold = largeThreshold;
  }

  /** A session has one connection at most: the newest takes it from the one before. */
  attach(wire: SessionWire): void {
    this.wire?.displace();
    this.wire = wire;
  }

  detach(): void {
    this.wire = undefined;
  }

  /** Whether the session has a connection now. */
  get connected(): boolean {
    return this.wire !== undefined;
  }

  get newest(): number {
    return this.sequence;
  }

  hears({ guildId, intents }: GatewayEvent): boolean {
    if (intents !== 0 && (this.intents & intents) === 0) return false;
    return this.covers(guildId);
  }

  /** Guilds are spread over the shards by their ids; what belongs to none goes to shard 0. */
  covers(guildId: string | undefined): boolean {
    const [id, count] = this.shard;
    return guildId === undefined ? id === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === id;
  }

  dispatch(t: string, d: unknown): void {
    this.sequence += 1;
    const text = JSON.stringify({ op: 0, t, s: this.sequence, d });
    this.dispatched.push({ sequence: this.sequence, text });
    if (this.dispatched.length > keptDispatches) this.dispatched.shift();
    this.wire?.send(text);
  }

  /** What was dispatched after `sequence`; undefined when that is no longer known. */
  since(sequence: number): string[] | undefined {
    const oldest = this.dispatched[0]?.sequence ?? 1;
    if (sequence < oldest - 1) return undefined;
    return this.dispatched.filter((entry) => entry.sequence > sequence).map(({ text }) => text);
  }
}
