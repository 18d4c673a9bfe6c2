import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebhookSender } from '../../../src/discord/webhook-sender.js';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { deadline, DiscordApp, logs } from '../../integration/discord/discord-app.js';
import { settings, token, town } from '../../integration/discord/discord-town.js';

const executing = /^\/webhooks\/\d+\/[^/]+$/;

describe('a message by webhook', () => {
  let discord: FakeDiscord;
  let app: DiscordApp;
  let place: ReturnType<typeof town>;
  let sender: WebhookSender;
  let webhook: { id: string; token: string };
  beforeAll(async () => {
    discord = await FakeDiscord.start({ token });
    place = town(discord);
    app = await DiscordApp.start(settings(discord), { gateway: false });
    sender = app.webhooks;
  });
  beforeEach(() => {
    webhook = discord.webhooks.add(place.general.id, 'Herald');
  });
  afterAll(async () => {
    await app.close();
    await discord.stop();
  });

  const sent = () => discord.sent.filter(({ webhookId }) => webhookId === webhook.id);
  const requests = () => discord.requests.filter(({ path }) => path.includes(webhook.token));
  const send = (content = 'news') => sender.send(webhook, { content });

  async function read(messageId: string): Promise<Record<string, unknown>> {
    const address = `${discord.apiUrl}/v10/webhooks/${webhook.id}/${webhook.token}/messages/${messageId}`;
    return (await (await fetch(address)).json()) as Record<string, unknown>;
  }

  it('is there, and its id is known', async () => {
    const outcome = await sender.send(webhook, { content: '@everyone', embeds: [{ title: 'Backup' }] });
    expect(outcome).toEqual({ kind: 'sent', messageId: sent()[0]!.messageId });
    expect(sent()).toMatchObject([
      { content: '@everyone', embeds: [{ title: 'Backup' }], allowedMentions: { parse: [] }, enforceNonce: false },
    ]);
    expect(sent()[0]).not.toHaveProperty('nonce');
    expect(await sender.send(webhook, { content: '@everyone' }, { everyone: true })).toMatchObject({ kind: 'sent' });
    expect(sent()[1]).toMatchObject({ allowedMentions: { parse: ['everyone'] } });
    expect(await sender.send(webhook, { content: ' ' })).toMatchObject({ kind: 'permanent' });
  });

  it('goes into a thread that its address names', async () => {
    const thread = place.guild.addChannel({ name: 'talk', type: 11, parentId: place.general.id });
    expect(await sender.send({ ...webhook, threadId: thread.id }, { content: 'x' })).toMatchObject({ kind: 'sent' });
    expect(sent()).toMatchObject([{ channelId: thread.id }]);
  });

  it.each([
    ['the connection is cut before the answer', () => discord.loseNextAnswer({ path: executing })],
    ['Discord fails', () => discord.refuseNext({ path: executing, status: 500 })],
    ['Discord’s edge waits in vain', () => discord.refuseNext({ path: executing, status: 504 })],
    [
      'the answer is no message',
      () => discord.refuseNext({ path: executing, status: 200, body: { message: 'welcome' } }),
    ],
  ])('is unknown when %s, and not sent a second time', async (_what, fault) => {
    fault();
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('cannot be known') as string });
    expect(requests()).toHaveLength(1);
    expect(JSON.stringify(outcome)).not.toContain(webhook.token);
  });

  it('is unknown when no answer comes in time, and not sent a second time', async () => {
    discord.leaveNextUnanswered({ path: executing });
    expect(await send()).toMatchObject({ kind: 'unknown' });
    expect(requests()).toHaveLength(1);
  }, 60_000);

  it.each([502, 503, 521])('is not taken where Discord’s edge answers %i', async (status) => {
    discord.refuseNext({ path: executing, status });
    expect(await send()).toEqual({
      kind: 'retry',
      burnsAttempt: false,
      reason: `Discord is out of order (HTTP ${status}).`,
    });
    expect(requests()).toHaveLength(1);
    expect(await send()).toMatchObject({ kind: 'sent' });
  });

  it('waits while nobody listens, since nothing was said then', async () => {
    await discord.goDown();
    expect(await send()).toMatchObject({ kind: 'retry', burnsAttempt: false });
    await discord.comeBack();
    await vi.waitFor(async () => expect(await send()).toMatchObject({ kind: 'sent' }), { timeout: deadline });
    expect(sent()).toHaveLength(1);
  });

  it('ends for good with its webhook, and with a wrong token, which is not the bot’s', async () => {
    const reason = 'The webhook does not exist any more, or its token is another.';
    const wrong = { ...webhook, token: `${webhook.token.slice(0, -4)}AAAA` };
    expect(await sender.send(wrong, { content: 'x' })).toEqual({ kind: 'permanent', reason });
    expect(await send()).toMatchObject({ kind: 'sent' });
    discord.webhooks.remove(webhook.id);
    expect(await send()).toEqual({ kind: 'permanent', reason });
    expect(app.status.current().state).not.toBe('refused');
    expect(await app.sender.sendToUser(place.ada.id, { content: 'x' }, 'bot')).toMatchObject({ kind: 'sent' });
  });

  it('has rate limits of its own: neither waits for the other', async () => {
    const headers = { 'Retry-After': '40', 'X-RateLimit-Global': 'true', 'X-RateLimit-Scope': 'global' };
    discord.refuseNext({ path: /\/channels\/\d+\/messages$/, status: 429, headers });
    const held = () => app.sender.sendToUser(place.ada.id, { content: 'x' }, 'held');
    expect(await held()).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(await held()).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(await send()).toMatchObject({ kind: 'sent' });

    const other = discord.webhooks.add(place.general.id, 'Other');
    discord.refuseNext({ path: executing, status: 429, headers: { 'Retry-After': '40' } });
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: false, reason: 'Discord asks for a pause.' });
    expect((outcome as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(40_000);
    expect(await sender.send(other, { content: 'x' })).toMatchObject({ kind: 'sent' });
  });

  it('can be replaced, and a lost answer of that is no riddle', async () => {
    const outcome = await send('before');
    if (outcome.kind !== 'sent') throw new Error(outcome.reason);
    discord.loseNextAnswer({ method: 'PATCH', path: /^\/webhooks\// });
    const edit = () => sender.edit(webhook, outcome.messageId, { content: '@everyone after' });
    expect(await edit()).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(await edit()).toEqual(outcome);
    expect(await read(outcome.messageId)).toMatchObject({ content: '@everyone after' });
    expect(sent()).toHaveLength(1);
    expect(await sender.edit(webhook, '100000000000000001', { content: 'x' })).toEqual({
      kind: 'permanent',
      about: 'message',
      gone: true,
      reason: 'Discord knows no such message.',
    });
  });

  it('needs no bot', async () => {
    const without = await DiscordApp.start({ DISCORD_API_URL: discord.apiUrl });
    try {
      expect(await without.webhooks.send(webhook, { content: 'x' })).toMatchObject({ kind: 'sent' });
      expect(await without.sender.sendToChannel(place.general.id, { content: 'x' }, 'n')).toMatchObject({
        kind: 'retry',
        burnsAttempt: false,
        reason: expect.stringContaining('DISCORD_TOKEN') as string,
      });
    } finally {
      await without.close();
    }
  });

  it('leaves its token in no line of the log', async () => {
    discord.refuseNext({ path: executing, status: 400, body: { message: 'no', code: 50_035 } });
    await send();
    discord.loseNextAnswer({ path: executing });
    await send();
    expect(logs.join('\n')).not.toContain(webhook.token);
  });

  it('is read from the addresses that Discord gives out, and from no other', () => {
    const { id, token: secret } = webhook;
    const rest = `/api/webhooks/${id}/${secret}`;
    for (const address of [
      `https://discord.com${rest}`,
      `https://discordapp.com/api/v10/webhooks/${id}/${secret}/`,
      `https://canary.discord.com${rest}?wait=true`,
      `https://ptb.discord.com${rest}`,
      `${discord.apiUrl}/webhooks/${id}/${secret}`,
    ]) {
      expect(sender.read(address)).toEqual({ id, token: secret });
    }
    expect(sender.read(`https://discord.com${rest}?thread_id=123456789012345678`)).toEqual({
      id,
      token: secret,
      threadId: '123456789012345678',
    });
    for (const address of [
      'discord.com',
      `http://discord.com${rest}`,
      `https://discord.com:8443${rest}`,
      `https://user:pass@discord.com${rest}`,
      `https://discord.com.evil.example${rest}`,
      `https://evil.example${rest}`,
      `http://127.0.0.1:1${rest}`,
      `https://discord.com/api/webhooks/${id}`,
      `https://discord.com/api/webhooks/x/${secret}`,
      `https://discord.com/api/webhooks/${id}/${secret}/messages/1`,
      `https://discord.com/api/webhooks/${id}/..%2F..%2Fusers`,
      `https://discord.com${rest}?thread_id=x`,
      `https://discord.com/api/channels/${id}/messages`,
    ]) {
      expect(sender.read(address), address).toBeUndefined();
    }
  });
});
