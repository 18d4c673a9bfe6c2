import request from 'supertest';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { startTestApp, type TestApp, testKeys } from './test-app.js';
import { type ReceivedCall, WebhookReceiver } from './webhook-receiver.js';

export const endpointsPath = '/api/v1/admin/webhook-endpoints';

export interface ShownEndpoint {
  id: string;
  url: string;
  enabled: boolean;
  disabledReason: string | null;
  disabledAt: string | null;
  secrets: { fingerprint: string; createdAt: string; expiresAt: string | null }[];
}
export interface NewEndpoint extends ShownEndpoint {
  secret: string;
}
export interface NotificationStatus {
  id: string;
  state: string;
  reason: string | null;
  createdAt: string;
  attempts: { attempt: number; outcome: string; reason?: string }[];
}
export interface Answer<T> {
  status: number;
  body: T;
  text: string;
  headers: Record<string, string | undefined>;
}
type Method = 'get' | 'post' | 'patch' | 'delete';

/** An application that delivers to a receiver of this machine, for the tests of a file. */
export class WebhookBench {
  app!: TestApp;
  receiver!: WebhookReceiver;

  constructor(settings: Record<string, string> = {}) {
    beforeAll(async () => {
      this.receiver = await WebhookReceiver.start();
      this.app = await startTestApp({
        WEBHOOK_ALLOW_HTTP: 'on',
        WEBHOOK_ALLOW_NETWORKS: '127.0.0.1',
        WEBHOOK_TIMEOUT_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1,1',
        QUEUE_POLL_SECONDS: '1',
        ...settings,
      });
    });
    afterEach(() => this.receiver.reset());
    afterAll(async () => {
      await this.app?.close();
      await this.receiver.close();
    });
  }

  /** As an admin, unless `key` is another's. Fails for any other status than the one that was expected. */
  async ask<T = unknown>(
    expected: number,
    method: Method,
    at: string,
    body?: object,
    key: string | undefined = testKeys.admin,
  ): Promise<Answer<T>> {
    const asked = request(this.app.app.getHttpServer())[method](at);
    const answer = (await asked.set('Authorization', `Bearer ${key}`).send(body)) as Answer<T>;
    expect(answer.status, `${method} ${at}: ${answer.text}`).toBe(expected);
    return answer;
  }

  async create(url = this.receiver.url()): Promise<NewEndpoint> {
    return (await this.ask<NewEndpoint>(201, 'post', endpointsPath, { url })).body;
  }

  async show(id: string): Promise<ShownEndpoint> {
    return (await this.ask<ShownEndpoint>(200, 'get', `${endpointsPath}/${id}`)).body;
  }

  async change(id: string, change: object): Promise<ShownEndpoint> {
    return (await this.ask<ShownEndpoint>(200, 'patch', `${endpointsPath}/${id}`, change)).body;
  }

  async rotate(id: string, overlapSeconds?: number): Promise<NewEndpoint> {
    return (await this.ask<NewEndpoint>(200, 'post', `${endpointsPath}/${id}/rotate`, { overlapSeconds })).body;
  }

  async publish(endpoint: string, more: object = {}): Promise<string> {
    const body = { target: { endpoint }, type: 'backup.done', payload: { size: 12, name: 'größe 🎉' }, ...more };
    const answer = await this.ask<{ id: string }>(202, 'post', '/api/v1/notifications', body, testKeys.publish);
    return answer.body.id;
  }

  untilState(id: string, state: string): Promise<NotificationStatus> {
    return vi.waitFor(
      async () => {
        const { body } = await this.ask<NotificationStatus>(200, 'get', `/api/v1/notifications/${id}`);
        expect(body.state, JSON.stringify(body)).toBe(state);
        return body;
      },
      { timeout: 20_000, interval: 50 },
    );
  }
}

/** What the library of the specification reads from a call; throws when the secret does not vouch for it. */
export function verified({ body, headers }: ReceivedCall, secret: string): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

export function signaturesOf({ headers }: ReceivedCall): string[] {
  return String(headers['webhook-signature']).split(' ');
}
