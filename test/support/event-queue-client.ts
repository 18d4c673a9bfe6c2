import { testKeys } from './test-app.js';

export interface QueueAnswer {
  status: number;
  headers: Headers;
  /** Empty where the answer is not JSON. */
  body: Record<string, unknown>;
}

interface Options {
  /** None with null. */
  key?: string | null;
  headers?: Record<string, string>;
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown;
}

/** What an event looks like that the dialect gives. */
export interface GivenEvent {
  id: number;
  user_id: string;
  event_type: string;
  payload: Record<string, unknown>;
  created_at: string;
  attempts: number;
  last_attempt: string | null;
  error_message: string | null;
  lease_token?: string;
  lease_until?: string;
}

/** Asks the event queue of one service. */
export class EventQueueClient {
  constructor(
    readonly url: string,
    private readonly keys = testKeys,
  ) {}

  async ask(
    method: string,
    path: string,
    { key = this.keys.admin, headers = {}, body }: Options = {},
  ): Promise<QueueAnswer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  get(path: string, options?: Options): Promise<QueueAnswer> {
    return this.ask('GET', path, options);
  }

  post(path: string, body?: unknown, options?: Options): Promise<QueueAnswer> {
    return this.ask('POST', path, { ...options, body });
  }

  /** Answers the id. */
  async publish(more: object = {}): Promise<number> {
    const event = {
      user_id: '100000000000000001',
      event_type: 'backup_error',
      payload: { error_message: 'disk full' },
    };
    const { status, body } = await this.post('/discord/events', { ...event, ...more });
    if (status !== 201) throw new Error(`not published: ${status} ${JSON.stringify(body)}`);
    return body.event_id as number;
  }

  async events(query = ''): Promise<GivenEvent[]> {
    const { status, body } = await this.get(`/discord/events${query}`);
    if (status !== 200) throw new Error(`no events: ${status} ${JSON.stringify(body)}`);
    return body.events as GivenEvent[];
  }

  async ids(query = ''): Promise<number[]> {
    return (await this.events(query)).map(({ id }) => id);
  }
}
