import { type Letter, type Wire } from '../letter.js';
import { postJson } from './post-json.js';
import { type Answer, type BatchVerdict, judge, judgeBatch, type Setback, type Verdict } from './verdict.js';

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

  async send(letter: Letter): Promise<Verdict> {
    const { wire, idempotencyKey, body } = letter;
    const answer = await this.post(wire, body, { 'idempotency-key': idempotencyKey });
    const verdict = typeof answer === 'string' ? this.notReached(answer) : judge(answer, wire);
    return verdict.kind === 'accepted' ? verdict : this.withoutSecrets(verdict, [letter]);
  }

  /** Letters of the native wire, up to 100. Each keeps its own key, so that sent again alone it is the same one. */
  async sendTogether(letters: readonly Letter[]): Promise<BatchVerdict> {
    const body = letters.map(({ body: one, idempotencyKey }) => ({ ...one, idempotencyKey }));
    const answer = await this.post('native', body);
    const verdict = typeof answer === 'string' ? this.notReached(answer) : judgeBatch(answer, letters.length);
    return verdict.kind === 'accepted' ? verdict : this.withoutSecrets(verdict, letters);
  }

  private post(wire: Wire, body: object, more: Readonly<Record<string, string>> = {}): Promise<Answer | string> {
    const { url, key, timeoutMs } = this.to;
    const headers = { authorization: `Bearer ${key}`, ...more };
    return postJson({ url: url + paths[wire], headers, body, timeoutMs });
  }

  private notReached(why: string): Setback {
    return { kind: 'unreachable', reason: `Guildcast is not reached at ${this.to.url}: ${why}.` };
  }

  /** Whoever answers may repeat what it was sent. */
  private withoutSecrets(setback: Setback, letters: readonly Letter[]): Setback {
    const secrets = [this.to.key, ...letters.flatMap(({ body }) => webhooksIn(body))];
    const clean = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, '[Redacted]'), text);
    const reason = clean(setback.reason);
    if (setback.kind === 'unreachable' || !setback.errors) return { ...setback, reason };
    const errors = setback.errors.map(({ path, message }) => ({ path, message: clean(message) }));
    return { ...setback, reason, errors };
  }
}

function webhooksIn({ target, fallback }: Letter['body']): string[] {
  return [target, fallback].flatMap((place) => {
    const url = typeof place === 'object' && place !== null && 'webhookUrl' in place ? place.webhookUrl : undefined;
    return typeof url === 'string' ? [url] : [];
  });
}
