import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** An HTTP address that is there before the service behind it: whoever polls itself has to know its own. */
export class Front {
  /** Without a slash at its end. */
  target?: string;

  private constructor(private readonly server: Server) {
    server.on('request', (incoming, outgoing) => {
      if (this.target === undefined) return void outgoing.writeHead(502).end();
      const { method, headers } = incoming;
      const onward = request(new URL(incoming.url ?? '/', this.target), { method, headers });
      onward.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  static async open(): Promise<Front> {
    const front = new Front(createServer());
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
