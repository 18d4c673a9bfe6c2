import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';
import { RestWebhookSender } from '../../../src/discord/rest-webhook-sender.js';
import { outcomeOf } from '../../../src/discord/send-outcome.js';
import { webhookRest } from '../../../src/discord/webhook-rest.js';

const webhook = { id: '123456789012345678', token: 'secret-token-of-this-test' };
const attempt = { to: 'webhook', repeatable: false } as const;

describe('a request by webhook', () => {
  let server: Server | undefined;
  let sender: RestWebhookSender | undefined;
  let requests = 0;
  afterEach(async () => {
    sender?.onApplicationShutdown();
    server?.closeAllConnections();
    server?.close();
    if (server?.listening) await once(server, 'close');
    server = sender = undefined;
    requests = 0;
  });

  async function against(listener: RequestListener) {
    server = createServer((request, response) => {
      requests += 1;
      listener(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const budget = new InvalidRequestBudget(10);
    const rest = webhookRest(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, budget);
    sender = new RestWebhookSender(rest, budget);
    return { rest, send: () => sender!.send(webhook, { content: 'x' }) };
  }

  it('whose answer breaks off in its middle is unknown, and not made again', async () => {
    const { send } = await against((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' });
      response.write('{"id":"1', () => response.destroy());
    });
    expect(await send()).toMatchObject({ kind: 'unknown' });
    expect(requests).toBe(1);
  });

  it.each(['{"id":', '[]', '{"id":7}', ''])('that is answered yes and %j is unknown', async (body) => {
    const { send } = await against((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
    });
    expect(await send()).toMatchObject({ kind: 'unknown' });
    expect(requests).toBe(1);
  });

  it('that is refused by something before Discord is one that was not taken', async () => {
    const { send } = await against((_, response) => {
      response.writeHead(403, { 'Content-Type': 'text/html' }).end('<h1>Access denied</h1>');
    });
    expect(await send()).toEqual({
      kind: 'retry',
      burnsAttempt: false,
      reason: "Discord's edge refused the request.",
    });
  });

  it('goes over a connection of its own, which nobody else closes', async () => {
    const connections = new Set<unknown>();
    const { send } = await against((request, response) => {
      connections.add(request.socket);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"id":"123456789012345678"}');
    });
    for (let made = 0; made < 5; made += 1) expect(await send()).toMatchObject({ kind: 'sent' });
    expect(connections.size).toBe(5);
  });

  it('that ran out of time before its turn was not made', async () => {
    const { rest } = await against((_, response) => response.end());
    const late = rest.options.makeRequest(`${rest.options.api}/v10`, { method: 'POST', signal: AbortSignal.abort() });
    const error: unknown = await late.catch((fault: unknown) => fault);
    expect(outcomeOf(error, attempt)).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(requests).toBe(0);
  });

  it('that nobody listened to was not heard', async () => {
    const { send } = await against(() => undefined);
    server!.close();
    await once(server!, 'close');
    expect(await send()).toMatchObject({ kind: 'retry', burnsAttempt: false });
  });
});
