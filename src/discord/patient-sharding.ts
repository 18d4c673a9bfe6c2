import { setTimeout as wait } from 'node:timers/promises';
import {
  DiscordAPIError,
  SimpleShardingStrategy,
  WebSocketShardDestroyRecovery,
  type WebSocketShardDestroyOptions,
  WebSocketShardStatus,
} from 'discord.js';
import { backoff } from './backoff.js';
import { IdentifyAllowance, SessionsSpentError } from './identify-allowance.js';

type Manager = ConstructorParameters<typeof SimpleShardingStrategy>[0];
type Payload = Parameters<SimpleShardingStrategy['send']>[1];

/** The part of discord.js' inner shard that is leaned on; the class itself has no name outside the library. */
interface Shard {
  readonly id: number;
  readonly status: WebSocketShardStatus;
  connect(): Promise<void>;
  destroy(options?: WebSocketShardDestroyOptions): Promise<void>;
  on(event: 'ready' | 'resumed', listener: () => void): unknown;
  emit(event: 'error', payload: { error: Error }): unknown;
}

interface Socket {
  readonly readyState: number;
  on(event: 'error', listener: () => void): unknown;
  terminate(): void;
}

const resuming = 4200;
const normal = 1000;
/** Milliseconds that a peer has to answer a close. */
const closeTimeout = 2_000;
/** A connection that lived this long, in milliseconds, was a good one: the next try is not held up. */
const stable = 30_000;

/**
 * One connection for each shard, as discord.js does it, but for what happens when it breaks. discord.js comes back
 * every half second for ever, goes on by itself after a login that it reported as failed, and can neither be stopped
 * while it waits nor while a socket opens. Here a shard that was ready once comes back with growing pauses; one that
 * never was reports its failure and leaves the next try to whoever logs in; and an end is an end.
 */
export class PatientSharding extends SimpleShardingStrategy {
  private readonly allowance: IdentifyAllowance;
  private ended = false;

  constructor(private readonly owner: Manager) {
    super(owner);
    this.allowance = new IdentifyAllowance((force) => owner.fetchGatewayInformation(force));
  }

  /** The intents that the next connections ask for. */
  useIntents(intents: number): void {
    this.owner.options.intents = intents;
  }

  /** Closes everything; later connects fail. */
  async end(): Promise<void> {
    this.ended = true;
    await this.destroy({ code: normal, reason: 'The program ends' });
  }

  override async spawn(shardIds: number[]): Promise<void> {
    // Each begins with an IDENTIFY.
    await this.allowance.claim(shardIds.length);
    await super.spawn(shardIds);
    const shards = Reflect.get(this, 'shards') as Map<number, Shard>;
    for (const shard of shards.values()) makePatient(shard, this.owner, this.allowance);
  }

  override async connect(): Promise<void> {
    if (this.ended) throw new Error('The Discord client has ended');
    await super.connect();
  }

  override async send(shardId: number, payload: Payload): Promise<void> {
    // discord.js does not look at the answer: a rejection would end the process. Who asked runs into a timeout.
    await super.send(shardId, payload).catch(() => undefined);
  }
}

function makePatient(shard: Shard, manager: Manager, allowance: IdentifyAllowance): void {
  const close = shard.destroy.bind(shard);
  const ended = new AbortController();
  let closing = false;
  let readyAt: number | undefined;
  let attempt = 0;
  for (const event of ['ready', 'resumed'] as const) shard.on(event, () => (readyAt = Date.now()));

  const comeBack = async (): Promise<void> => {
    if (readyAt === undefined) {
      shard.emit('error', { error: new Error('The Discord gateway closed the connection before it was ready') });
      return;
    }
    attempt = Date.now() - readyAt > stable ? 0 : attempt + 1;
    await wait(backoff(attempt, { base: 500 }), undefined, { signal: ended.signal }).catch(() => undefined);
    if ((await manager.options.retrieveSessionInfo(shard.id)) === null) await allowed(shard, allowance, ended.signal);
    if (!ended.signal.aborted && shard.status === WebSocketShardStatus.Idle) await shard.connect();
  };

  shard.destroy = async ({ code, reason, recover } = {}) => {
    if (recover === undefined) {
      ended.abort();
      return closeInTime(shard, () => close({ code, reason }));
    }
    if (closing || ended.signal.aborted || shard.status === WebSocketShardStatus.Idle) return;
    closing = true;
    const resume = recover === WebSocketShardDestroyRecovery.Resume;
    const session = resume ? await manager.options.retrieveSessionInfo(shard.id) : null;
    try {
      await closeInTime(shard, () => close({ code: code ?? (resume ? resuming : normal), reason }));
      // A close without recovery forgets the session.
      if (session !== null) await manager.options.updateSessionInfo(shard.id, session);
    } finally {
      closing = false;
    }
    await comeBack();
  };
}

/** Waits until the shard may begin another session, or `signal` aborts. */
async function allowed(shard: Shard, allowance: IdentifyAllowance, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await allowance.claim(1);
    } catch (error) {
      // With a token that is taken back the gateway itself says what is to be said.
      if (error instanceof DiscordAPIError && error.status === 401) return;
      shard.emit('error', { error: error instanceof Error ? error : new Error(String(error)) });
      const pause = error instanceof SessionsSpentError ? error.resetAfter : backoff(attempt);
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function closeInTime(shard: Shard, close: () => Promise<void>): Promise<void> {
  const socket = Reflect.get(shard, 'connection') as Socket | null;
  // The close takes discord.js' own listeners away, and an error without a listener ends the process.
  socket?.on('error', () => undefined);
  const opening = socket?.readyState === 0;
  const timer = setTimeout(() => socket?.terminate(), closeTimeout);
  try {
    await close();
  } finally {
    clearTimeout(timer);
    if (opening) socket?.terminate();
  }
}
