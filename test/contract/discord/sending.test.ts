import { describe, expect, it, vi } from 'vitest';
import { FakeDiscord, type RequestRecord } from '../../../src/testing/fake-discord/index.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { settings, token } from '../../integration/discord/discord-town.js';
import { startTestApp, testKeys } from '../../support/test-app.js';
import { DiscordBench } from './discord-bench.js';

const messages = /\/channels\/\d+\/messages$/;
const posts = (discord: FakeDiscord): RequestRecord[] => discord.requests.filter(({ path }) => messages.test(path));

/** A bench with somebody to write to, whose channel is open already. */
async function correspondence(options: Parameters<typeof DiscordBench.open>[0] = {}) {
  const bench = await DiscordBench.open(options);
  await bench.app.status.settled();
  const userId = bench.place.ada.id;
  const send = (nonce: string, to = userId) => bench.app.sender.sendToUser(to, { content: 'news' }, nonce);
  expect(await send('opening')).toMatchObject({ kind: 'sent' });
  return { bench, discord: bench.discord, userId, send };
}

describe.concurrent('rate limits', () => {
  it('a short pause is kept as the header says it, whatever the body says', async () => {
    const { bench, discord, send } = await correspondence();
    try {
      const headers = { 'Retry-After': '0.4' };
      discord.refuseNext({ path: messages, status: 429, headers, body: { retry_after: 900, global: false } });
      expect(await send('a')).toMatchObject({ kind: 'sent' });
      const [refused, taken] = posts(discord).slice(1);
      expect([refused!.status, taken!.status]).toEqual([429, 200]);
      expect(taken!.at - refused!.at).toBeGreaterThanOrEqual(395);

      discord.refuseNext({ path: messages, status: 429, headers: { 'Retry-After': '40' }, body: { retry_after: 0.1 } });
      const outcome = await send('b');
      expect(outcome).toMatchObject({ kind: 'retry', burnsAttempt: false });
      expect((outcome as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(40_000);
      expect(posts(discord)).toHaveLength(4);
    } finally {
      await bench.close();
    }
  });

  it('an empty bucket is waited for before Discord has to refuse', async () => {
    const { bench, discord, send } = await correspondence({ discord: { rateLimit: { limit: 2, window: 400 } } });
    try {
      const outcomes = await Promise.all(Array.from({ length: 7 }, (_, n) => send(`n${n}`)));
      expect(outcomes.every(({ kind }) => kind === 'sent')).toBe(true);
      expect(discord.requests.filter(({ status }) => status === 429)).toEqual([]);
      expect(posts(discord)).toHaveLength(8);
    } finally {
      await bench.close();
    }
  });

  it('a global pause holds every send', async () => {
    const { bench, discord, send } = await correspondence();
    try {
      expect(await send('other', bench.place.bob.id)).toMatchObject({ kind: 'sent' });
      const headers = { 'Retry-After': '0.8', 'X-RateLimit-Global': 'true', 'X-RateLimit-Scope': 'global' };
      discord.refuseNext({ path: messages, status: 429, headers, body: { retry_after: 0.8, global: true } });
      const first = send('a');
      await vi.waitFor(() => expect(posts(discord).at(-1)!.status).toBe(429), { timeout: deadline });
      const refusedAt = posts(discord).at(-1)!.at;
      // From when on the pause is known here too.
      await vi.waitFor(() => expect(bench.app.refusals).toBe(1), { timeout: deadline });
      const outcomes = await Promise.all([first, send('b', bench.place.bob.id)]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(['sent', 'sent']);
      for (const { at } of posts(discord).slice(-2)) expect(at - refusedAt).toBeGreaterThanOrEqual(790);
    } finally {
      await bench.close();
    }
  });

  it('no more than 50 requests go out in a second, however many want to', async () => {
    const { bench, discord, send } = await correspondence({ discord: { rateLimit: { limit: 1_000, window: 1_000 } } });
    try {
      const before = discord.requests.length;
      const users = Array.from({ length: 100 }, (_, n) => discord.addUser({ username: `reader${n}` }).id);
      const outcomes = await Promise.all(users.map((id, n) => send(`n${n}`, id)));
      expect(outcomes.every(({ kind }) => kind === 'sent')).toBe(true);
      const made = discord.requests.slice(before);
      expect(made).toHaveLength(200);
      // A channel and a message each: four full seconds of 50, so three between the first and the last at least.
      expect(made.at(-1)!.at - made[0]!.at).toBeGreaterThanOrEqual(2_900);
    } finally {
      await bench.close();
    }
  });
});

describe.concurrent('failures on the way', () => {
  it('a failure of Discord is repeated once, and then left to the queue', async () => {
    const { bench, discord, send } = await correspondence();
    try {
      discord.refuseNext({ path: messages, status: 502, times: 5 });
      expect(await send('a')).toEqual({
        kind: 'retry',
        burnsAttempt: false,
        reason: 'Discord is out of order (HTTP 502).',
      });
      expect(posts(discord)).toHaveLength(3);
    } finally {
      await bench.close();
    }
  });

  it('silence is given up in bounded time', async () => {
    const { bench, discord, send } = await correspondence();
    try {
      discord.leaveNextUnanswered({ path: messages, times: 5 });
      expect(await send('a')).toMatchObject({ kind: 'retry', burnsAttempt: false });
      expect(posts(discord).map(({ status }) => status)).toEqual([200, 0, 0]);
      discord.refuseNoMore();
      expect(await send('a')).toMatchObject({ kind: 'sent' });
    } finally {
      await bench.close();
    }
  }, 60_000);

  it('a message whose answer was lost is not sent a second time', async () => {
    const { bench, discord, send } = await correspondence();
    try {
      discord.loseNextAnswer({ path: messages });
      expect(await send('lost')).toMatchObject({ kind: 'retry', burnsAttempt: false });
      const [known] = discord.sent.filter(({ nonce }) => nonce === 'lost');
      expect(await send('lost')).toEqual({ kind: 'sent', messageId: known!.messageId });
      expect(discord.sent.filter(({ nonce }) => nonce === 'lost')).toHaveLength(1);
    } finally {
      await bench.close();
    }
  });
});

const refusals: [number, number, string][] = [
  [403, 50_001, 'The bot has no access there.'],
  [403, 50_013, 'The bot may not write there.'],
  [403, 50_007, 'The user does not accept direct messages from this bot.'],
  [403, 50_278, 'The bot shares no guild with the user.'],
  [404, 10_013, 'Discord knows no such user.'],
  [404, 10_008, 'Discord knows no such message.'],
];

describe.concurrent('a no of Discord’s', () => {
  it.each(refusals)('%i with code %i is final: %s', async (status, code, reason) => {
    const { bench, discord, send } = await correspondence();
    try {
      discord.refuseNext({ path: messages, status, body: { message: 'no', code } });
      expect(await send('a')).toMatchObject({ kind: 'permanent', reason });
      expect(posts(discord)).toHaveLength(2);
    } finally {
      await bench.close();
    }
  });

  it('a channel of direct messages that is gone is opened anew with the next try', async () => {
    const { bench, discord, send } = await correspondence();
    const opened = () => discord.requests.filter(({ path }) => path === '/users/@me/channels').length;
    try {
      discord.refuseNext({ path: messages, status: 404, body: { message: 'Unknown Channel', code: 10_003 } });
      expect(await send('a')).toMatchObject({ kind: 'retry', burnsAttempt: true });
      expect(await send('a')).toMatchObject({ kind: 'sent' });
      expect(opened()).toBe(2);
    } finally {
      await bench.close();
    }
  });

  it('ends the notification as a dead letter with its reason, after one request', async () => {
    const discord = await FakeDiscord.start({ token });
    const { id: userId } = discord.addUser({ username: 'reader' });
    discord.closeDMs(userId);
    const guildcast = await startTestApp(settings(discord));
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${testKeys.publish}` };
    const address = `${guildcast.url}/api/v1/notifications`;
    const publish = async (): Promise<string> => {
      const body = JSON.stringify({ target: { userId }, type: 'backup_error', payload: { error_message: 'full' } });
      const response = await fetch(address, { method: 'POST', headers, body });
      expect(response.status).toBe(202);
      return ((await response.json()) as { id: string }).id;
    };
    const becomes = (id: string, state: string) =>
      vi.waitFor(
        async () => {
          const notification = (await (await fetch(`${address}/${id}`, { headers })).json()) as Record<string, unknown>;
          expect(notification.state).toBe(state);
          return notification;
        },
        { timeout: deadline },
      );
    try {
      expect(await becomes(await publish(), 'dead')).toMatchObject({
        attempts: [{ outcome: 'refused', reason: 'The user does not accept direct messages from this bot.' }],
      });
      expect(posts(discord)).toHaveLength(1);

      // The same words twice are two notifications: they never share a nonce.
      discord.openDMs(userId);
      const ids = [await publish(), await publish()];
      for (const id of ids) await becomes(id, 'delivered');
      const nonces = discord.sent.map(({ nonce }) => String(nonce));
      expect(new Set(nonces).size).toBe(2);
      for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{16,25}$/);
    } finally {
      await guildcast.close();
      await discord.stop();
    }
  });
});

describe.concurrent('the ban of an address', () => {
  it('is kept away from: after so many refusals sending pauses, and asks Discord nothing', async () => {
    const { bench, discord, send } = await correspondence({ env: { DISCORD_MAX_REFUSALS: '3' } });
    try {
      discord.closeDMs(bench.place.bob.id);
      // What Discord knows nothing of is no refusal that counts.
      expect(await send('x', '123456789012345678')).toMatchObject({ kind: 'permanent' });
      for (const nonce of ['a', 'b', 'c']) {
        expect(await send(nonce, bench.place.bob.id)).toMatchObject({ kind: 'permanent' });
      }
      const before = discord.requests.length;
      const outcome = await send('d');
      expect(outcome).toMatchObject({
        kind: 'retry',
        burnsAttempt: false,
        reason: 'Discord refused too many requests; sending pauses, so that it does not bar this address.',
      });
      const { retryAfterMs } = outcome as { retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(500_000);
      expect(retryAfterMs).toBeLessThanOrEqual(600_000);
      expect(discord.requests).toHaveLength(before);
    } finally {
      await bench.close();
    }
  });

  it('a pause of nothing is not repeated without end', async () => {
    const { bench, discord, send } = await correspondence({ env: { DISCORD_MAX_REFUSALS: '5' } });
    try {
      discord.refuseNext({ path: messages, status: 429, times: 100, headers: { 'Retry-After': '0' } });
      expect(await send('a')).toMatchObject({ kind: 'retry', burnsAttempt: false });
      expect(posts(discord).filter(({ status }) => status === 429)).toHaveLength(5);
    } finally {
      await bench.close();
    }
  });
});

describe('the limits of a message', () => {
  it('are kept by cutting with a mark, so that Discord takes the longest of events', async () => {
    const { bench, discord, userId } = await correspondence();
    try {
      const embed = {
        title: 't'.repeat(300),
        description: `\`\`\`\n${'d'.repeat(5_000)}\n\`\`\``,
        footer: 'f'.repeat(3_000),
        color: 0x1ffffff,
        fields: Array.from({ length: 30 }, (_, n) => ({ name: n === 0 ? '' : 'n'.repeat(300), value: '' })),
      };
      const outcome = await bench.app.sender.sendToUser(
        userId,
        { content: '😀'.repeat(1_500), embeds: [embed] },
        'long',
      );
      expect(outcome).toMatchObject({ kind: 'sent' });
      const sent = discord.sent.find(({ nonce }) => nonce === 'long')!;
      expect(sent.content).toMatch(/^(?:😀)+…$/u);
      expect(sent.embeds).toHaveLength(1);
      const told = sent.embeds[0] as typeof embed;
      expect(told.title).toBe(`${'t'.repeat(255)}…`);
      expect(told.description.endsWith('…\n```')).toBe(true);
      expect(told.description.split('```')).toHaveLength(3);
      expect(told.color).toBe(0xffffff);
    } finally {
      await bench.close();
    }
  });
});
