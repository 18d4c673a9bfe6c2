import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp } from './discord-app.js';
import { settings, token } from './discord-town.js';

describe('sending', () => {
  let discord: FakeDiscord;
  let app: DiscordApp;
  let userId: string;

  beforeAll(async () => {
    discord = await FakeDiscord.start({ token });
    app = await DiscordApp.start(settings(discord, { GUILDS: '' }));
    await app.status.settled();
  });
  afterAll(async () => {
    await app.close();
    await discord.stop();
  });
  beforeEach(() => {
    userId = discord.addUser({ username: 'reader' }).id;
  });

  it('writes a direct message that mentions nobody, once for each nonce', async () => {
    const message = {
      content: `@everyone <@${userId}>`,
      embeds: [{ title: 't'.repeat(400), description: 'disk full', color: 0xff0000, footer: 'from db1' }],
    };
    const outcome = await app.sender.sendToUser(userId, message, 'nonce-1');
    expect(outcome).toMatchObject({ kind: 'sent' });
    expect(await app.sender.sendToUser(userId, message, 'nonce-1')).toEqual(outcome);
    expect(discord.sent.filter(({ nonce }) => nonce === 'nonce-1')).toHaveLength(1);

    const sent = await discord.waitForSent(({ nonce }) => nonce === 'nonce-1');
    expect(sent).toMatchObject({ userId, enforceNonce: true, allowedMentions: { parse: [] } });
    expect(JSON.stringify(sent)).toContain('disk full');
    expect(JSON.stringify(sent)).toContain(`${'t'.repeat(255)}…`);
  });

  it('gives up on a user who takes no direct messages, and on one who does not exist', async () => {
    discord.closeDMs(userId);
    expect(await app.sender.sendToUser(userId, { content: 'x' }, 'n2')).toEqual({
      kind: 'permanent',
      reason: 'The user does not accept direct messages from this bot.',
    });
    expect(await app.sender.sendToUser('123456789012345678', { content: 'x' }, 'n3')).toEqual({
      kind: 'permanent',
      reason: 'Discord knows no such user.',
    });
  });

  it('comes back later after a rate limit, and says when', async () => {
    discord.refuseNext({ path: /messages$/, status: 429, headers: { 'Retry-After': '30' } });
    const outcome = await app.sender.sendToUser(userId, { content: 'x' }, 'n4');
    expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect((outcome as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(30_000);
  });

  it('comes back later after a failure of Discord', async () => {
    discord.refuseNext({ path: /messages$/, status: 503, times: 2 });
    expect(await app.sender.sendToUser(userId, { content: 'x' }, 'n5')).toMatchObject({
      kind: 'retry',
      burnsAttempt: false,
    });
    expect(await app.sender.sendToUser(userId, { content: 'x' }, 'n5')).toMatchObject({ kind: 'sent' });
  });

  it('refuses a message without text', async () => {
    expect(await app.sender.sendToUser(userId, { content: ' ' }, 'n6')).toMatchObject({ kind: 'permanent' });
  });

  it('stops for good when Discord refuses the token', async () => {
    discord.refuseNext({ path: /messages$/, status: 401 });
    const first = await app.sender.sendToUser(userId, { content: 'x' }, 'n7');
    expect(first).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(app.status.current()).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('Reset Token') as string,
    });
    const before = discord.requests.length;
    expect(await app.sender.sendToUser(userId, { content: 'x' }, 'n8')).toMatchObject({
      kind: 'retry',
      burnsAttempt: false,
    });
    expect(discord.requests).toHaveLength(before);
  });
});
