import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answers } from '../../../src/discord/send-outcome.js';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { DiscordBench } from './discord-bench.js';

type To = 'user' | 'channel' | 'webhook';

const final = (reason: string): SendOutcome => ({ kind: 'permanent', reason });
const unfit = (reason: string): SendOutcome => ({ kind: 'permanent', about: 'message', reason });
const counted = (reason: string): SendOutcome => ({ kind: 'retry', burnsAttempt: true, reason });
const outage = (reason: string): SendOutcome => ({ kind: 'retry', burnsAttempt: false, reason });
const pause = (seconds: number): SendOutcome => ({
  kind: 'retry',
  burnsAttempt: false,
  reason: 'Discord asks for a pause.',
  retryAfterMs: seconds * 1000,
});

const webhookGone = 'The webhook does not exist any more, or its token is another.';
const edge = "Discord's edge refused the request.";
const badToken =
  'Discord refused the token in DISCORD_TOKEN. Make a new one in the developer portal under Bot → Reset Token.';

/** A body without a code is one of something before Discord. */
const cases: [To, status: number, code: number | undefined, SendOutcome][] = [
  ['webhook', 401, 50_027, final(webhookGone)],
  ['webhook', 401, 0, final(webhookGone)],
  ['channel', 403, undefined, outage(edge)],
  ['webhook', 403, undefined, outage(edge)],
  ['user', 404, 10_003, counted('The channel of the direct messages is gone.')],
  ['channel', 404, 10_003, final('Discord knows no such channel.')],
  ['webhook', 404, 10_003, final('Discord knows no such channel.')],
  ['channel', 404, 10_008, unfit('Discord knows no such message.')],
  ['user', 404, 10_013, final('Discord knows no such user.')],
  ['user', 400, 50_033, final('Discord knows no such user.')],
  ['webhook', 404, 10_015, final(webhookGone)],
  ['webhook', 403, 50_027, final(webhookGone)],
  ['channel', 403, 50_001, final('The bot has no access there.')],
  ['channel', 403, 50_013, final('The bot may not write there.')],
  ['user', 403, 50_007, final('The user does not accept direct messages from this bot.')],
  ['user', 403, 50_278, final('The bot shares no guild with the user.')],
  ['channel', 403, 50_005, unfit('The message is of another author.')],
  ['channel', 400, 50_008, final('The channel takes no messages.')],
  ['channel', 400, 40_058, final('The channel is a forum: a thread of it takes messages.')],
  [
    'webhook',
    400,
    220_001,
    final('The channel is a forum: name a thread by ?thread_id= in the address of the webhook.'),
  ],
  ['channel', 400, 50_024, final('The channel takes no messages.')],
  ['channel', 400, 50_083, final('The thread is archived.')],
  ['channel', 400, 160_005, final('The thread is locked.')],
  ['channel', 400, 20_016, pause(60)],
  ['channel', 400, 30_046, pause(600)],
  ['user', 403, 40_003, pause(60)],
  ['channel', 400, 40_062, pause(60)],
  ['channel', 400, 40_004, outage('Discord has switched sending off for the moment.')],
  ['channel', 400, 130_000, outage('Discord is overloaded.')],
  ['channel', 404, 0, counted('Discord refused the message: no (HTTP 404, code 0)')],
  ['channel', 408, 0, counted('Discord refused the message: no (HTTP 408, code 0)')],
  ['channel', 400, 50_035, unfit('Discord refused the message: no (HTTP 400, code 50035)')],
  ['webhook', 400, 50_006, unfit('Discord refused the message: no (HTTP 400, code 50006)')],
  ['channel', 403, 20_026, unfit('Discord refused the message: no (HTTP 403, code 20026)')],
];

describe('every answer of Discord’s', () => {
  let bench: DiscordBench;
  let webhook: { id: string; token: string };
  let count = 0;
  beforeAll(async () => {
    bench = await DiscordBench.open();
    await bench.app.status.settled();
    webhook = bench.discord.webhooks.add(bench.place.general.id, 'Herald');
  });
  afterAll(() => bench.close());

  function send(to: To): Promise<SendOutcome> {
    const nonce = `n${(count += 1)}`;
    const message = { content: 'news' };
    if (to === 'webhook') return bench.app.webhooks.send(webhook, message);
    const { sender } = bench.app;
    if (to === 'user') return sender.sendToUser(bench.place.ada.id, message, nonce);
    return sender.sendToChannel(bench.place.general.id, message, nonce);
  }

  it.each(cases)('to a %s with %i and code %s means one thing', async (to, status, code, outcome) => {
    const path = to === 'webhook' ? /^\/webhooks\// : /\/messages$/;
    const before = bench.discord.sent.length;
    bench.discord.refuseNext({
      method: 'POST',
      path,
      status,
      body: { message: 'no', ...(code !== undefined && { code }) },
    });
    expect(await send(to)).toEqual(outcome);
    expect(bench.discord.sent).toHaveLength(before);
    expect(await send(to)).toMatchObject({ kind: 'sent' });
  });

  it('a 401 to the bot ends all sending of the bot, and is said; webhooks go on', async () => {
    const refused = await DiscordBench.open();
    try {
      await refused.app.status.settled();
      const { place, discord, app } = refused;
      const { id, token } = discord.webhooks.add(place.general.id, 'Herald');
      discord.refuseNext({ path: /\/messages$/, status: 401 });
      expect(await app.sender.sendToChannel(place.general.id, { content: 'x' }, 'a')).toEqual(outage(badToken));
      expect(app.status.current()).toMatchObject({ state: 'refused', detail: badToken });
      const before = discord.requests.length;
      expect(await app.sender.sendToChannel(place.general.id, { content: 'x' }, 'b')).toEqual(outage(badToken));
      expect(await app.sender.sendToUser(place.ada.id, { content: 'x' }, 'c')).toEqual(outage(badToken));
      const edited = { channelId: place.general.id, messageId: '100000000000000001' };
      expect(await app.sender.editInChannel(edited, { content: 'x' })).toEqual(outage(badToken));
      expect(discord.requests).toHaveLength(before);
      expect(await app.webhooks.send({ id, token }, { content: 'x' })).toMatchObject({ kind: 'sent' });
    } finally {
      await refused.close();
    }
  });

  it('has a row of the table, and each row a test', () => {
    const all: typeof cases = [...cases, ['channel', 401, 0, outage(badToken)]];
    const met = all.map(([to, status, code = 'none']) =>
      answers.findIndex(
        (row) => (row.status ?? status) === status && (row.code ?? code) === code && (row.to ?? to) === to,
      ),
    );
    expect([...new Set(met)].sort((a, b) => a - b)).toEqual(answers.map((_, n) => n));
  });
});
