import { type Letter } from '../letter.js';
import { postJson } from './post-json.js';

/** What the webhook is told of a failed backup. */
export interface BackupReport {
  user_id: string;
  error_type?: unknown;
  error_message?: unknown;
  codespace_name?: unknown;
  timestamp?: unknown;
}

/** Undefined for any other letter, and for one that goes to no user. */
export function backupReportIn({ wire, body }: Letter): BackupReport | undefined {
  const { type, target, event_type, user_id } = body;
  const userId = wire === 'event-queue' ? user_id : (target as { userId?: unknown } | undefined)?.userId;
  if ((type ?? event_type) !== 'backup_error' || typeof userId !== 'string') return undefined;
  const { error_type, error_message, codespace_name, timestamp } = body.payload as Record<string, unknown>;
  return { user_id: userId, error_type, error_message, codespace_name, timestamp };
}

/** Where older notifiers report failed backups. User and password in its address go as HTTP Basic. */
export class MegacmdWebhook {
  constructor(
    private readonly address: URL,
    private readonly timeoutMs: number,
  ) {}

  /** One try. Answers why it failed, or undefined; only a 200 that says so itself is a success. */
  async report(report: BackupReport, idempotencyKey: string): Promise<string | undefined> {
    const { username, password } = this.address;
    const url = new URL(this.address);
    url.username = url.password = '';
    const headers: Record<string, string> = { 'idempotency-key': idempotencyKey };
    if (password !== '') headers.authorization = `Basic ${basic(username, password)}`;
    const answer = await postJson({ url: url.href, headers, body: report, timeoutMs: this.timeoutMs });
    if (typeof answer === 'string') return answer;
    const { status, text } = answer;
    // Pages that answer 200 to everything are many.
    const taken = status === 200 && /"status"\s*:\s*"success"/.test(text);
    return taken ? undefined : `it answered ${status}`;
  }
}

function basic(username: string, password: string): string {
  return Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
}
