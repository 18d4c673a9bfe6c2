import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { settings, token, town } from '../../integration/discord/discord-town.js';
import { startTestApp, type TestApp, testKeys } from '../../support/test-app.js';
import { DiscordBench } from './discord-bench.js';

const sentence = /^Discord refused 2 requests within ten minutes; .* sending pauses for \d+ s\.$/;

const clock = performance.now.bind(performance);

/** Lets the clock by which refusals are forgotten go ahead, by milliseconds. */
function goAhead(by: number): void {
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + by);
}

describe('refusals of all kinds', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('count together, whoever met them, and hold the bot, webhooks and questions alike', async () => {
    const bench = await DiscordBench.open({ env: { DISCORD_MAX_REFUSALS: '4' } });
    const { discord, app, place } = bench;
    try {
      await app.status.settled();
      const webhook = discord.webhooks.add(place.general.id, 'Herald');
      const toUser = (nonce: string) => app.sender.sendToUser(place.ada.id, { content: 'x' }, nonce);
      const toChannel = (nonce: string) => app.sender.sendToChannel(place.general.id, { content: 'x' }, nonce);
      const byWebhook = () => app.webhooks.send(webhook, { content: 'x' });
      discord.refuseNext({ path: /\/messages$/, times: 2, status: 403 });
      expect(await toUser('a')).toMatchObject({ kind: 'permanent' });
      expect(await toChannel('b')).toMatchObject({ kind: 'permanent' });
      discord.refuseNext({ path: /^\/webhooks/, status: 429, headers: { 'Retry-After': '30' } });
      expect(await byWebhook()).toMatchObject({ kind: 'retry' });
      discord.refuseNext({ path: '/users/@me/guilds', status: 403 });
      await expect(app.restGuilds.list()).rejects.toThrow('Discord refused the question (HTTP 403, code 50001)');

      const before = discord.requests.length;
      const held = {
        kind: 'retry',
        burnsAttempt: false,
        reason: expect.stringContaining('refused too many') as string,
      };
      const other = discord.webhooks.add(place.general.id, 'Other');
      const place2 = { channelId: place.general.id, messageId: '100000000000000001' };
      for (const outcome of [
        toUser('c'),
        toChannel('d'),
        app.sender.editInChannel(place2, { content: 'x' }),
        app.webhooks.send(other, { content: 'x' }),
        app.webhooks.edit(other, '100000000000000001', { content: 'x' }),
      ]) {
        expect(await outcome).toMatchObject(held);
      }
      await expect(app.restGuilds.list()).rejects.toThrow(/Discord asks for a pause of (59\d|600) s/);
      expect(discord.requests).toHaveLength(before);

      goAhead(601_000);
      expect(await toUser('c')).toMatchObject({ kind: 'sent' });
      expect(await toChannel('d')).toMatchObject({ kind: 'sent' });
      expect(await app.webhooks.send(other, { content: 'x' })).toMatchObject({ kind: 'sent' });
      expect(await app.restGuilds.list()).toHaveLength(1);
    } finally {
      await bench.close();
    }
  });

  describe('in the whole program', () => {
    let discord: FakeDiscord;
    let guildcast: TestApp;
    afterEach(async () => {
      await guildcast.close();
      await discord.stop();
    });

    const headers = { 'content-type': 'application/json', authorization: `Bearer ${testKeys.publish}` };
    const check = async () => {
      const body = (await (await fetch(`${guildcast.url}/readyz`)).json()) as { checks: Record<string, unknown> };
      return body.checks.discord;
    };
    const measured = async (name: string) => {
      const answer = await fetch(`${guildcast.url}/metrics`, {
        headers: { authorization: `Bearer ${testKeys.metrics}` },
      });
      return new RegExp(`^${name} (\\S+)$`, 'm').exec(await answer.text())?.[1];
    };
    const publish = async (channelId: string) => {
      const body = JSON.stringify({ target: { channelId }, type: 'x', payload: {} });
      const answer = await fetch(`${guildcast.url}/api/v1/notifications`, { method: 'POST', headers, body });
      expect(answer.status).toBe(202);
      return ((await answer.json()) as { id: string }).id;
    };
    const becomes = (id: string, state: object) =>
      vi.waitFor(
        async () => {
          const answer = await fetch(`${guildcast.url}/api/v1/notifications/${id}`, { headers });
          const body = (await answer.json()) as Record<string, unknown>;
          expect(body).toMatchObject(state);
          return body;
        },
        { timeout: deadline, interval: 50 },
      );

    it('are said by the health check and the measurements while sending pauses, and it goes on by itself', async () => {
      discord = await FakeDiscord.start({ token });
      const { general } = town(discord);
      guildcast = await startTestApp(settings(discord, { DISCORD_MAX_REFUSALS: '2', DATA_PROVIDERS: 'mock' }));
      expect(await check()).toMatchObject({ state: 'ok' });
      expect(await measured('guildcast_discord_sending_paused')).toBe('0');

      discord.refuseNext({ path: /\/messages$/, times: 2, status: 403 });
      for (const id of [await publish(general.id), await publish(general.id)]) await becomes(id, { state: 'dead' });
      const waiting = await publish(general.id);
      const { nextAttemptAt } = await becomes(waiting, { state: 'pending', attempts: [{ outcome: 'postponed' }] });
      expect(Date.parse(nextAttemptAt as string) - Date.now()).toBeLessThanOrEqual(600_000);
      // An answer of the health check serves for a moment.
      await vi.waitFor(
        async () => {
          expect(await check()).toEqual({ state: 'degraded', detail: expect.stringMatching(sentence) as string });
        },
        { timeout: deadline },
      );
      expect(await measured('guildcast_discord_sending_paused')).toBe('1');
      expect(await measured('guildcast_discord_refusals')).toBe('2');

      goAhead(601_000);
      await becomes(await publish(general.id), { state: 'delivered' });
      await vi.waitFor(async () => expect(await check()).toMatchObject({ state: 'ok' }), { timeout: deadline });
      expect(await measured('guildcast_discord_sending_paused')).toBe('0');
      expect(await measured('guildcast_discord_refusals')).toBe('0');
    }, 60_000);
  });
});
