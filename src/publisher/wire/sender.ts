import { type Letter, type Wire } from '../letter.js';
import { postJson } from './post-json.js';
import { judge, type Verdict } from './verdict.js';

const paths: Readonly<Record<Wire, string>> = {
  native: '/api/v1/notifications',
  'event-queue': '/discord/events',
};

export interface Destination {
  /** Without a slash at its end. */
  url: string;
  key: string;
  timeoutMs: number;
}

/** Brings letters to one Guildcast. */
export class Sender {
  constructor(private readonly to: Destination) {}

  async send({ wire, idempotencyKey, body }: Letter): Promise<Verdict> {
    const { url, key, timeoutMs } = this.to;
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey };
    const answer = await postJson({ url: url + paths[wire], headers, body, timeoutMs });
    const verdict: Verdict =
      typeof answer === 'string'
        ? { kind: 'unreachable', reason: `Guildcast is not reached at ${url}: ${answer}.` }
        : judge(answer, wire);
    if (verdict.kind === 'accepted') return verdict;
    // Whoever answers may repeat what it was sent.
    const clean = (text: string) => withoutSecrets(text, [key, ...webhooksIn(body)]);
    const reason = clean(verdict.reason);
    if (verdict.kind === 'unreachable' || !verdict.errors) return { ...verdict, reason };
    const errors = verdict.errors.map(({ path, message }) => ({ path, message: clean(message) }));
    return { ...verdict, reason, errors };
  }
}

function webhooksIn({ target, fallback }: Letter['body']): string[] {
  return [target, fallback].flatMap((place) => {
    const url = typeof place === 'object' && place !== null && 'webhookUrl' in place ? place.webhookUrl : undefined;
    return typeof url === 'string' ? [url] : [];
  });
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '[Redacted]'), text);
}
