/** Milliseconds between two looks for readers that are too slow. */
const lookPause = 5_000;

/** Events after which the next look does not wait for its time. */
const eventsPerLook = 64;

/** Packets that may wait for one reader. */
const maxPackets = 1_024;

/** How many times the bound may wait before a reader is cut whatever it does, and gets no further answer. */
const farBehind = 8;

/** The parts of engine.io's connection that tell how far behind its reader is. */
export interface EngineConnection {
  writeBuffer: { data?: string | Buffer }[];
  transport: { socket?: { bufferedAmount?: number } };
  close(discard: boolean): void;
  once(event: 'close', listener: () => void): void;
}

/**
 * Cuts socket.io readers that do not keep up. A reader over the bound has until the next look to take something of
 * what waits, since the answer to a join alone may be larger than the bound.
 */
export class ReaderWatch {
  /** Every connection, with the bytes that waited for it at the last look. */
  private readonly waited = new Map<EngineConnection, number>();
  private timer: NodeJS.Timeout | undefined;
  private sentSinceLook = 0;

  constructor(
    private readonly bound: number,
    /** Hears of every reader that is cut, once. */
    private readonly onCut: () => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.lookForSlow(), lookPause);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  add(connection: EngineConnection): void {
    this.waited.set(connection, 0);
  }

  delete(connection: EngineConnection): void {
    this.waited.delete(connection);
  }

  isFarBehind(connection: EngineConnection): boolean {
    return connection.writeBuffer.length > maxPackets || waitingFor(connection) > this.bound * farBehind;
  }

  /** An event was sent: what waits is bounded however many come between two looks. */
  sent(): void {
    this.sentSinceLook += 1;
    if (this.sentSinceLook !== eventsPerLook) return;
    // The events of a tick are written at its end.
    setImmediate(() => {
      this.sentSinceLook = 0;
      for (const connection of this.waited.keys()) if (this.isFarBehind(connection)) this.cut(connection);
    });
  }

  private lookForSlow(): void {
    for (const [connection, before] of this.waited) {
      const waiting = waitingFor(connection);
      this.waited.set(connection, waiting);
      const stuck = waiting > this.bound && before > this.bound && waiting >= before;
      if (stuck || this.isFarBehind(connection)) this.cut(connection);
    }
  }

  private cut(connection: EngineConnection): void {
    this.waited.delete(connection);
    this.onCut();
    connection.close(true);
  }
}

/** Bytes in the engine's queue and in the socket. A poller has no socket: all that waits for it is in the queue. */
function waitingFor({ writeBuffer, transport }: EngineConnection): number {
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes;
}
