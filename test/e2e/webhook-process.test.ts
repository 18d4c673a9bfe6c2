import { createServer as createTlsServer } from 'node:https';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { Recorder } from '../support/recorder.js';
import { createTestDatabase } from '../support/test-database.js';
import { endpointsPath, type NewEndpoint, type NotificationStatus, verified } from '../support/webhook-bench.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const keys = { admin: 'admin-key-for-webhooks', publish: 'publish-key-for-webhooks' };
const inAddress = 'canary-in-the-address';

/** The program as operators start it, with a receiver over TLS. */
describe('signed webhooks of the program', () => {
  let certificates: Certificates;
  let receiver: WebhookReceiver;
  /** On the same port of this machine's other name: its certificate is for another one. */
  let strange: WebhookReceiver;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess;
  const recorder = new Recorder();
  const secrets: Record<string, string> = { inAddress };

  beforeAll(async () => {
    certificates = makeCertificates();
    receiver = await WebhookReceiver.start({
      make: (listen) => createTlsServer(certificates.good, listen),
      scheme: 'https',
    });
    const { otherName } = certificates;
    strange = await WebhookReceiver.start({ make: (listen) => createTlsServer(otherName, listen), scheme: 'https' });
    database = await createTestDatabase();
    guildcast = await start();
  }, 90_000);
  afterAll(async () => {
    await guildcast?.stop();
    await Promise.all([receiver.close(), strange.close()]);
    certificates.remove();
    await database.drop();
  });

  function start(): Promise<GuildcastProcess> {
    // A proxy of the environment would hear of every call.
    const nobody = 'http://127.0.0.1:9';
    const proxies = { HTTP_PROXY: nobody, HTTPS_PROXY: nobody, https_proxy: nobody, NODE_USE_ENV_PROXY: '1' };
    return startGuildcast({
      env: {
        ...proxies,
        NODE_EXTRA_CA_CERTS: certificates.authority,
        DATABASE_URL: database.url,
        DATA_PROVIDERS: 'mock',
        API_KEYS: `admin=${keys.admin},publish=${keys.publish}`,
        LOG_LEVEL: 'trace',
        WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
        WEBHOOK_TIMEOUT_SECONDS: '20',
        QUEUE_LEASE_SECONDS: '1',
        QUEUE_RETRY_SCHEDULE: '1',
        QUEUE_POLL_SECONDS: '1',
      },
    });
  }

  async function ask<T>(method: string, path: string, body?: object, key = keys.admin): Promise<T> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(guildcast.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    expect(answer.ok, text).toBe(true);
    return JSON.parse(text) as T;
  }

  async function create(url: string): Promise<NewEndpoint> {
    const made = await ask<NewEndpoint>('POST', endpointsPath, { url });
    secrets[`secret ${Object.keys(secrets).length}`] = made.secret.slice(6);
    return made;
  }

  async function publish(endpoint: string): Promise<string> {
    const body = { target: { endpoint }, type: 'backup_error', payload: { error_message: 'x' } };
    return (await ask<{ id: string }>('POST', '/api/v1/notifications', body, keys.publish)).id;
  }

  function untilState(id: string, state: string): Promise<NotificationStatus> {
    return vi.waitFor(
      async () => {
        const body = await ask<NotificationStatus>('GET', `/api/v1/notifications/${id}`, undefined, keys.publish);
        recorder.keep('the status', JSON.stringify(body));
        expect(body.state, JSON.stringify(body)).toBe(state);
        return body;
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  it('go over TLS to whom the certificate is for, and by no proxy', async () => {
    const { id, secret } = await create(`${receiver.url('localhost')}?key=${inAddress}`);
    await untilState(await publish(id), 'delivered');
    expect(receiver.calls[0]?.path).toBe(`/hook?key=${inAddress}`);
    verified(receiver.calls[0]!, secret);
    const other = await create(`${strange.url('localhost')}?key=${inAddress}`);
    const dead = await untilState(await publish(other.id), 'dead');
    expect(dead.reason).toMatch(/its certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/);
    expect(strange.calls).toEqual([]);
  }, 60_000);

  it('come again after a crash amid the call, as the same one', async () => {
    receiver.reset();
    const { id, secret } = await create(`${receiver.url()}?key=${inAddress}`);
    receiver.next(() => undefined);
    const notification = await publish(id);
    await receiver.called(1);
    await guildcast.kill();
    recorder.keep('the log', guildcast.output());
    guildcast = await start();
    await untilState(notification, 'delivered');
    expect(receiver.calls).toHaveLength(2);
    for (const call of receiver.calls) verified(call, secret);
    expect(receiver.calls[1]!.headers['webhook-id']).toBe(receiver.calls[0]!.headers['webhook-id']);
  }, 90_000);

  it('tell their secrets to nobody, whatever fails', async () => {
    receiver.reset();
    const { id } = await create(`${receiver.url()}?key=${inAddress}`);
    const { secret } = await ask<NewEndpoint>('POST', `${endpointsPath}/${id}/rotate`, {});
    secrets.rotated = secret.slice(6);
    // What comes back is what was sent: nobody quotes it.
    const echo = (status: number) =>
      receiver.next(
        (response, { headers }) =>
          void response
            .writeHead(status, { location: `https://${inAddress}/`, 'x-echo': JSON.stringify(headers) })
            .end(inAddress),
      );
    echo(302);
    echo(410);
    await untilState(await publish(id), 'dead');
    await untilState(await publish(id), 'dead');
    // A table that is gone is the worst that a statement with a secret can meet.
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('alter table webhook_secrets rename to elsewhere');
      const headers = { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ url: `${receiver.url()}?key=${inAddress}` });
      for (const path of [endpointsPath, `${endpointsPath}/${id}/rotate`])
        expect(
          await recorder.ask(guildcast.url, path, {
            method: 'POST',
            headers,
            body: path === endpointsPath ? body : '{}',
          }),
        ).toBe(500);
      await client.query('alter table elsewhere rename to webhook_secrets');
    } finally {
      await client.end();
    }
    expect((await ask<{ endpoints: unknown[] }>('GET', endpointsPath)).endpoints).not.toHaveLength(0);
    recorder.keep('the log', guildcast.output());
    const said = recorder.said.map(({ text }) => text).join('\n');
    for (const heard of ['is switched off: it answered 410 Gone', 'ERR_TLS_CERT_ALTNAME_INVALID', 'webhook_secrets'])
      expect(said).toContain(heard);
    expect(recorder.leaks(secrets)).toEqual([]);
    expect(Object.keys(secrets).length).toBeGreaterThanOrEqual(6);
  }, 60_000);
});
