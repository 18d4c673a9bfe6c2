import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { expect, vi } from 'vitest';

export interface ReceivedCall {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Answer = (response: ServerResponse, call: ReceivedCall) => void;

interface ReceiverOptions {
  make?: (listener: RequestListener) => Server;
  scheme?: 'http' | 'https';
  host?: string;
  /** 0 takes a free one. */
  port?: number;
}

/** A server of somebody else. It answers 204 unless a test says otherwise, once for each `next`. */
export class WebhookReceiver {
  readonly calls: ReceivedCall[] = [];
  /** Connections there have been, also of those that said nothing. */
  connections = 0;
  private readonly answers: Answer[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  static async start({
    make = createServer,
    scheme = 'http',
    host = '127.0.0.1',
    port = 0,
  }: ReceiverOptions = {}): Promise<WebhookReceiver> {
    const server = make((request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => undefined).on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        receiver.take({ method, path, headers, body: Buffer.concat(chunks).toString() }, response);
      });
    });
    const receiver = new WebhookReceiver(server, scheme);
    server.on('connection', (socket: Socket) => {
      receiver.connections += 1;
      receiver.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => receiver.sockets.delete(socket));
    });
    server.listen(port, host);
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(host = '127.0.0.1'): string {
    return `${this.scheme}://${host}:${this.port}/hook`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  next(...answers: (Answer | number)[]): void {
    for (const answer of answers)
      this.answers.push(typeof answer === 'number' ? (response) => response.writeHead(answer).end() : answer);
  }

  async called(times: number): Promise<ReceivedCall[]> {
    await vi.waitFor(() => expect(this.calls.length).toBeGreaterThanOrEqual(times), { timeout: 20_000, interval: 20 });
    return this.calls;
  }

  reset(): void {
    this.calls.length = 0;
    this.answers.length = 0;
    this.connections = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(call: ReceivedCall, response: ServerResponse): void {
    this.calls.push(call);
    response.on('error', () => undefined);
    const answer = this.answers.shift();
    if (answer) answer(response, call);
    else response.writeHead(204).end();
  }
}
