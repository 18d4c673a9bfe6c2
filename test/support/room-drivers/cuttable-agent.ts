import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type Duplex } from 'node:stream';

/** fin: the system closes for us · reset: it says so rudely · silent: nobody tells the peer anything. */
export type CutManner = 'fin' | 'reset' | 'silent';

/** Hands out the TCP connections of one client, and cuts all of them at once. */
export class CuttableAgent extends Agent {
  private readonly connections = new Set<Socket>();
  private barred = false;

  constructor() {
    super({ keepAlive: true });
  }

  override createConnection(
    options: ClientRequestArgs,
    created?: (error: Error | null, socket: Duplex) => void,
  ): Duplex {
    const socket = connect(options as NetConnectOpts);
    // Both the caller's function and the answer would be taken: the answer is enough.
    void created;
    socket.on('error', () => undefined);
    this.connections.add(socket);
    socket.once('close', () => this.connections.delete(socket));
    // Only once whoever asked for the connection listens to it. A reset they might try again, for ever.
    const refusal = Object.assign(new Error('this client was cut off'), { code: 'ECONNREFUSED' });
    if (this.barred) setImmediate(() => socket.destroy(refusal));
    return socket;
  }

  cut(manner: CutManner): void {
    this.barred = true;
    for (const socket of this.connections) {
      if (manner === 'silent') socket.pause();
      else if (manner === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  /** Also those that were cut silently. */
  end(): void {
    this.cut('fin');
    this.destroy();
  }
}
