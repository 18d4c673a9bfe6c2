import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';

interface StoredEvent {
  id: number;
  user_id: unknown;
  event_type: unknown;
  payload: unknown;
  created_at: string;
  processed: boolean;
  attempts: number;
  last_attempt: string | null;
  error_message: string | null;
}

/** What one request asked, and how it was answered; a mark also with its body. */
interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  authorization?: string;
  body: string;
  status: number;
}

type Answer = { status: number; contentType?: string; body: string; headers?: Record<string, string> };

/** Python's `json.dumps`, which writes numbers that JSON does not know. */
function dumps(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? `\u0001${String(item)}\u0001` : item,
  ).replace(/"\\u0001(NaN|-?Infinity)\\u0001"/g, '$1');
}

/**
 * The queue that existing bots poll, as it behaves on the wire: polls are pure reads without any claim, 50 events at
 * most 100, those with three failed tries are dead, unknown ids are marked with success, what a caller does wrong is a 500.
 */
export class ReferenceQueue {
  readonly events: StoredEvent[] = [];
  readonly asked: Asked[] = [];
  /** Answers instead of the queue, where it gives an answer; `'silence'` never answers. */
  instead: (method: string, path: string) => Answer | 'silence' | undefined = () => undefined;
  private nextId = 1;
  private clock = Date.UTC(2026, 10, 1);
  private server?: Server;
  private port = 0;
  private readonly sockets = new Set<Socket>();

  static async start(): Promise<ReferenceQueue> {
    const queue = new ReferenceQueue();
    await queue.comeBack();
    return queue;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Answers the id. */
  add(event: { user_id?: unknown; event_type?: unknown; payload?: unknown } = {}): number {
    const id = this.nextId++;
    this.clock += 1_234;
    const created_at = new Date(this.clock).toISOString().replace('Z', '456');
    const content = {
      user_id: '100000000000000001',
      event_type: 'backup_error',
      payload: { error_message: `n${id}` },
      ...event,
    };
    const nothing = { processed: false, attempts: 0, last_attempt: null, error_message: null };
    this.events.push({ id, ...content, created_at, ...nothing });
    return id;
  }

  /** As an operator does who has put something right. */
  retry(id: number): void {
    Object.assign(this.event(id), { attempts: 0, error_message: null });
  }

  event(id: number): StoredEvent {
    const event = this.events.find((row) => row.id === id);
    if (!event) throw new Error(`no event ${id}`);
    return event;
  }

  /** Marks that were taken, such as `processed 3`. */
  get marks(): string[] {
    return this.asked
      .filter(({ method, status }) => method === 'POST' && status === 200)
      .map(({ path }) => path.replace(/^\/discord\/events\/(\d+)\/(\w+)$/, '$2 $1'));
  }

  get polls(): number {
    return this.asked.filter(({ method }) => method === 'GET').length;
  }

  /** Its database was made anew: ids start again. */
  rebuild(): void {
    this.events.length = 0;
    this.nextId = 1;
  }

  async goDown(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** On the same port. */
  async comeBack(): Promise<void> {
    const server = createServer((request, response) => void this.serve(request, response));
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    const deadline = Date.now() + 10_000;
    for (;;) {
      try {
        server.listen(this.port, '127.0.0.1');
        await once(server, 'listening');
        break;
      } catch (error) {
        // The system may lend the port to an outgoing connection for a moment.
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += chunk;
    const { method = '', url = '/', headers } = request;
    const { pathname: path, searchParams: query } = new URL(url, 'http://x');
    const special = this.instead(method, path);
    const answer = special === undefined ? this.answer(method, path, query, body) : special;
    const status = answer === 'silence' ? 0 : answer.status;
    this.asked.push({ method, path, query, authorization: headers.authorization, body, status });
    if (answer === 'silence') return;
    response.writeHead(status, { 'content-type': answer.contentType ?? 'application/json', ...answer.headers });
    response.end(answer.body);
  }

  private answer(method: string, path: string, query: URLSearchParams, body: string): Answer {
    try {
      const mark = /^\/discord\/events\/(\d+)\/(processed|failed)$/.exec(path);
      if (method === 'GET' && path === '/discord/events') return this.poll(query);
      if (method === 'POST' && mark) return this.mark(Number(mark[1]), mark[2] as 'processed' | 'failed', body);
      return { status: 404, contentType: 'text/html', body: '<h1>Not Found</h1>' };
    } catch (error) {
      return { status: 500, body: dumps({ success: false, error: String(error) }) };
    }
  }

  private poll(query: URLSearchParams): Answer {
    const limit = Math.min(whole(query.get('limit') ?? '50'), 100);
    const most = whole(query.get('max_attempts') ?? '3');
    const events = this.events
      .filter(({ processed, attempts }) => !processed && attempts < most)
      .sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
      .slice(0, limit < 0 ? undefined : limit)
      .map(({ processed: _, ...event }) => event);
    const timestamp = new Date(this.clock).toISOString().slice(0, -1);
    return { status: 200, body: dumps({ success: true, count: events.length, events, timestamp }) };
  }

  private mark(id: number, mark: 'processed' | 'failed', body: string): Answer {
    const event = this.events.find((row) => row.id === id);
    const now = new Date(this.clock).toISOString();
    if (mark === 'processed') {
      if (event) Object.assign(event, { processed: true, last_attempt: now });
    } else {
      const { error_message = null } = JSON.parse(body) as { error_message?: string | null };
      if (event) Object.assign(event, { attempts: event.attempts + 1, last_attempt: now, error_message });
    }
    return { status: 200, body: dumps({ success: true, event_id: id, status: mark }) };
  }
}

/** As Python's `int`. */
function whole(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`invalid literal for int() with base 10: '${text}'`);
  return Number(text);
}
