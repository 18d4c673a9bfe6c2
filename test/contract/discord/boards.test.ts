import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { DiscordApp } from '../../integration/discord/discord-app.js';
import { settings } from '../../integration/discord/discord-town.js';
import { DiscordBench } from './discord-bench.js';

const next = { content: 'next' };

function idOf(outcome: SendOutcome): string {
  if (outcome.kind !== 'sent') throw new Error(outcome.reason);
  return outcome.messageId;
}

/** What a message that is kept and edited meets, among direct messages above all. */
describe('an edit', () => {
  let bench: DiscordBench;
  let userId: string;
  let names = 0;
  beforeAll(async () => {
    bench = await DiscordBench.open();
    await bench.app.status.settled();
  });
  beforeEach(() => {
    userId = bench.discord.addUser({ username: `reader-${(names += 1)}` }).id;
  });
  afterEach(() => bench.discord.refuseNoMore());
  afterAll(() => bench.close());

  async function read(channelId: string, messageId: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${bench.discord.apiUrl}/v10/channels/${channelId}/messages/${messageId}`, {
      headers: { authorization: `Bot ${bench.discord.token}` },
    });
    return (await response.json()) as Record<string, unknown>;
  }
  const sentTo = () => bench.discord.sent.filter((sent) => sent.userId === userId);
  const send = async (nonce: string) => idOf(await bench.app.sender.sendToUser(userId, { content: 'first' }, nonce));
  const edit = (messageId: string) => bench.app.sender.editForUser({ userId, messageId }, next);
  const refuseEdits = (status: number, code: number) =>
    bench.discord.refuseNext({ method: 'PATCH', path: /\/messages\//, status, body: { message: 'No', code } });

  it('replaces a direct message, also when its answer is lost', async () => {
    const messageId = await send('dm');
    bench.discord.loseNextAnswer({ method: 'PATCH', path: /\/messages\// });
    expect(await edit(messageId)).toMatchObject({ kind: 'retry', burnsAttempt: false });
    expect(await edit(messageId)).toEqual({ kind: 'sent', messageId });
    expect(await read(sentTo()[0]!.channelId, messageId)).toMatchObject({ content: 'next' });
    expect(sentTo()).toHaveLength(1);
  });

  it('replaces one that another process sent', async () => {
    const messageId = await send('other');
    const other = await DiscordApp.start(settings(bench.discord));
    try {
      expect(await other.sender.editForUser({ userId, messageId }, next)).toEqual({ kind: 'sent', messageId });
    } finally {
      await other.close();
    }
    expect(await read(sentTo()[0]!.channelId, messageId)).toMatchObject({ content: 'next' });
  });

  it('says that a message is gone', async () => {
    const messageId = await send('gone');
    await fetch(`${bench.discord.apiUrl}/v10/channels/${sentTo()[0]!.channelId}/messages/${messageId}`, {
      method: 'DELETE',
      headers: { authorization: `Bot ${bench.discord.token}` },
    });
    expect(await edit(messageId)).toMatchObject({
      kind: 'permanent',
      reason: 'Discord knows no such message.',
      gone: true,
    });
  });

  it('says so too when the direct messages are not where they were, and opens them anew', async () => {
    const messageId = await send('moved');
    refuseEdits(404, 10_003);
    expect(await edit(messageId)).toMatchObject({ kind: 'retry', gone: true });
    const opened = () => bench.discord.requests.filter(({ path }) => path.endsWith('/users/@me/channels')).length;
    const before = opened();
    expect(await edit(messageId)).toEqual({ kind: 'sent', messageId });
    expect(opened()).toBe(before + 1);
  });

  it.each([
    ['is another’s', 403, 50_005, { kind: 'permanent', gone: true }],
    ['lies in an archived thread', 400, 50_083, { kind: 'permanent', gone: true }],
    ['is in a channel that it may not see', 403, 50_001, { kind: 'permanent' }],
    ['was edited too often', 400, 30_046, { kind: 'retry', burnsAttempt: false, retryAfterMs: 600_000 }],
  ])('of a message that %s', async (_what, status, code, expected) => {
    const { id: channelId } = bench.place.guild.addChannel({ name: 'boards' });
    const messageId = idOf(await bench.app.sender.sendToChannel(channelId, next, `of-${code}`));
    refuseEdits(status, code);
    const outcome = await bench.app.sender.editInChannel({ channelId, messageId }, next);
    expect(outcome).toMatchObject(expected);
    expect('gone' in outcome).toBe('gone' in expected);
  });

  it('says of a message by webhook that it is gone, and not so when its webhook is', async () => {
    const { id: channelId } = bench.place.guild.addChannel({ name: 'hooked' });
    const { id, token } = bench.discord.webhooks.add(channelId, 'Herald');
    const { webhooks } = bench.app;
    const messageId = idOf(await webhooks.send({ id, token }, next));
    expect(await webhooks.edit({ id, token }, messageId, next)).toEqual({ kind: 'sent', messageId });
    expect(await webhooks.edit({ id, token }, '100000000000000001', next)).toMatchObject({ gone: true });
    bench.discord.webhooks.remove(id);
    expect(await webhooks.edit({ id, token }, messageId, next)).not.toHaveProperty('gone');
  });

  it('never says so of a send', async () => {
    bench.discord.refuseNext({
      method: 'POST',
      path: /\/messages$/,
      status: 404,
      body: { message: 'No', code: 10_008 },
    });
    expect(await bench.app.sender.sendToUser(userId, next, 'n')).not.toHaveProperty('gone');
  });
});
