import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface PeerRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** Of a request with one notification, and of the first where there are several. */
  body: Record<string, unknown>;
  /** All of them. */
  bodies: Record<string, unknown>[];
}

export interface PeerAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Answers, or keeps silent. */
type Script = (request: PeerRequest) => PeerAnswer | 'silence' | Promise<PeerAnswer>;

/** What a publisher talks to: takes everything as Guildcast does, unless the test says otherwise. */
export class PublisherPeer {
  readonly requests: PeerRequest[] = [];
  private readonly ids = new Map<string, string>();
  script: Script = (request) => this.accept(request);

  private constructor(private readonly server: Server) {
    server.on('request', (request, response: ServerResponse) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => void this.answer(request.url ?? '', request.headers, text, response));
    });
  }

  static async start(): Promise<PublisherPeer> {
    const peer = new PublisherPeer(createServer());
    peer.server.listen(0, '127.0.0.1');
    await once(peer.server, 'listening');
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What was accepted, each once, in its order. */
  readonly accepted: Record<string, unknown>[] = [];

  /** As Guildcast: the same key is the same notification, whether it comes alone or with others. */
  accept({ path, headers, body, bodies }: PeerRequest): PeerAnswer {
    const key = headers['idempotency-key'];
    if (key === undefined) return { status: 202, body: { notifications: bodies.map((one) => this.take(one)) } };
    const taken = this.take({ ...body, idempotencyKey: key });
    if (path === '/discord/events') return { status: 201, body: { success: true, event_id: Number(taken.id) } };
    return { status: 202, body: taken };
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private take({ idempotencyKey, ...body }: Record<string, unknown>) {
    const key = String(idempotencyKey);
    if (!this.ids.has(key)) {
      this.ids.set(key, String(this.ids.size + 1));
      this.accepted.push(body);
    }
    const id = this.ids.get(key)!;
    return { id, state: 'pending', links: { self: `/api/v1/notifications/${id}` } };
  }

  private async answer(path: string, headers: IncomingHttpHeaders, text: string, response: ServerResponse) {
    const read = JSON.parse(text) as Record<string, unknown> | Record<string, unknown>[];
    const bodies = Array.isArray(read) ? read : [read];
    const request = { path, headers, body: bodies[0] ?? {}, bodies };
    this.requests.push(request);
    const answer = await this.script(request);
    if (answer === 'silence') return;
    const { status, body, headers: more } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...more });
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  }
}

/** A refusal as Guildcast writes it. */
export function problem(status: number, code: string, detail: string): PeerAnswer {
  const body = { type: `urn:guildcast:fault:${code}`, title: 'Refused', status, detail, code, instance: '/' };
  return { status, body, headers: { 'content-type': 'application/problem+json' } };
}
