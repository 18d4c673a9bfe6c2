import { request } from 'node:http';

/** Milliseconds of one session's requests, as the consumer has them. */
const patience = 15_000;

interface Answer {
  status: number;
  contentType: string;
  text: string;
}

interface Event {
  id: number;
  event_type: string;
  user_id: string;
  payload: Record<string, unknown>;
}

/** Sends a direct message, or throws what discord.py would: the text is all that the consumer tells. */
export type SendMessage = (userId: bigint, event: Event) => Promise<void>;

const knownTypes = ['backup_error', 'backup_success', 'minecraft_status', 'codespace_status'];

/**
 * The consumer that existing bots run, as it behaves on the wire: polls without a query, headers or a body, one event after
 * the other, marks without a body, and `{"error_message"}` as the only body it ever sends. It can show a key in the address
 * alone (`http://any:KEY@host`), which becomes HTTP Basic.
 */
export class OldConsumer {
  readonly stats = { polled: 0, processed: 0, failed: 0 };
  readonly complaints: string[] = [];
  private stopped = false;

  constructor(
    private readonly address: string,
    private readonly send: SendMessage,
  ) {}

  /** One round of its loop. */
  async poll(): Promise<void> {
    const answer = await this.exchange('GET', '/discord/events');
    if (answer.status === 404) return;
    if (answer.status !== 200 || !answer.contentType.startsWith('application/json')) {
      this.complaints.push(`poll: ${answer.status} ${answer.contentType} ${answer.text}`);
      return;
    }
    const data = JSON.parse(answer.text) as { success?: boolean; events: Event[] };
    if (data.success !== true) return;
    this.stats.polled += data.events.length;
    for (const event of data.events) await this.work(event);
  }

  /** Closes its session without waiting, as a dying process does: what it sent just now stays unmarked. */
  stop(): void {
    this.stopped = true;
  }

  private async work(event: Event): Promise<void> {
    for (const key of ['id', 'event_type', 'user_id', 'payload']) {
      if (!(key in event)) throw new Error(`KeyError: '${key}'`);
    }
    try {
      if (!/^\d+$/.test(event.user_id)) {
        throw new Error(`invalid literal for int() with base 10: '${event.user_id}'`);
      }
      if (!knownTypes.includes(event.event_type)) {
        await this.mark(event, 'failed', { error_message: `Tipo desconocido: ${event.event_type}` });
        this.stats.failed += 1;
        return;
      }
      await this.send(BigInt(event.user_id), event);
    } catch (error) {
      await this.mark(event, 'failed', { error_message: error instanceof Error ? error.message : String(error) });
      this.stats.failed += 1;
      return;
    }
    await this.mark(event, 'processed');
    this.stats.processed += 1;
  }

  private async mark({ id }: Event, mark: string, body?: object): Promise<void> {
    const { status, text } = await this.exchange('POST', `/discord/events/${id}/${mark}`, body);
    if (status !== 200) this.complaints.push(`${mark} of ${id}: ${status} ${text}`);
  }

  private exchange(method: string, path: string, body?: object): Promise<Answer> {
    if (this.stopped) return Promise.reject(new Error('Session is closed'));
    // Addresses are joined as texts.
    const url = new URL(this.address + path);
    const content = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        { method, headers: content === undefined ? {} : { 'Content-Type': 'application/json' }, timeout: patience },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => (text += chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, contentType: answer.headers['content-type'] ?? '', text }),
          );
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('TimeoutError')));
      outgoing.on('error', reject);
      outgoing.end(content);
    });
  }
}
