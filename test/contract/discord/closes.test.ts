import { describe, expect, it, vi } from 'vitest';
import { type FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { DiscordBench } from './discord-bench.js';

const kinds = (discord: FakeDiscord): string[] => discord.sessionStarts.map(({ kind }) => kind);

/** Close codes after which a session is resumed, or another one begins. */
const recoverable: [number, 'resume' | 'identify'][] = [
  [4000, 'resume'],
  [4001, 'resume'],
  [4002, 'resume'],
  [4009, 'resume'],
  [1001, 'resume'],
  [1000, 'identify'],
  [4003, 'identify'],
  [4005, 'identify'],
  [4007, 'identify'],
  [4008, 'identify'],
];

const fatal: [number, string][] = [
  [4004, 'Reset Token'],
  [4010, 'sharded'],
  [4011, 'sharded'],
  [4012, 'newer version'],
  [4013, 'newer version'],
];

describe.concurrent('a close of Discord’s', () => {
  it.each(recoverable)('%i is followed by %s, and nothing is lost', async (code, kind) => {
    const bench = await DiscordBench.open();
    const { discord, app, place } = bench;
    try {
      await app.status.settled();
      const lost = app.waitForState('connecting');
      discord.dropSessions({ code });
      await lost;
      place.guild.setPresence(place.ada.id, 'offline');
      await app.waitForState('ready');
      await app.waitFor('presence.updated', ({ data }) => data.member.id === place.ada.id && data.status === 'offline');
      expect(kinds(discord)).toEqual(['identify', kind]);
      expect(app.status.current()).toEqual({ state: 'ready', missingIntents: [] });
    } finally {
      await bench.close();
    }
  });

  it.each(fatal)('%i is final, and says what to do', async (code, words) => {
    const bench = await DiscordBench.open();
    const { discord, app, place } = bench;
    try {
      await app.status.settled();
      const requests = discord.requests.length;
      discord.dropSessions({ code });
      await app.waitForState('refused');
      expect(app.status.current().detail).toContain(words);
      // What was last known stays.
      expect(bench.entry(place.ada.id)).toMatchObject({ status: 'online' });
      expect(kinds(discord)).toEqual(['identify']);
      expect(discord.requests).toHaveLength(requests);
    } finally {
      await bench.close();
    }
  });

  it('4014 comes again: one intent after the other is done without, and only without any it is final', async () => {
    const bench = await DiscordBench.open();
    const { discord, app } = bench;
    try {
      await app.status.settled();
      for (const [refused, missing] of [
        [{ messageContent: false }, ['message-content']],
        [{ presences: false }, ['presences', 'message-content']],
        [{ members: false }, ['members', 'presences', 'message-content']],
      ] as const) {
        discord.allowIntents(refused);
        discord.dropSessions({ code: 4014, resumable: false });
        await vi.waitFor(
          () => expect(app.status.current()).toMatchObject({ state: 'ready', missingIntents: missing }),
          {
            timeout: deadline,
          },
        );
      }
      discord.dropSessions({ code: 4014, resumable: false });
      await app.waitForState('refused');
      expect(app.status.current().detail).toContain('Privileged Gateway Intents');
    } finally {
      await bench.close();
    }
  }, 40_000);

  it('4002 right after each start is met with growing pauses, in one session', async () => {
    const bench = await DiscordBench.open();
    const { discord, app, place } = bench;
    try {
      await app.status.settled();
      discord.dropNextSessions(4002, 4002);
      discord.dropSessions({ code: 4002 });
      await vi.waitFor(() => expect(discord.sessionStarts).toHaveLength(4), { timeout: deadline });
      place.guild.setPresence(place.ada.id, 'dnd');
      await app.waitFor('presence.updated', ({ data }) => data.status === 'dnd');
      expect(kinds(discord)).toEqual(['identify', 'resume', 'resume', 'resume']);
      const [, first, second, third] = discord.sessionStarts.map(({ at }) => at);
      // The least that the pauses may be; a timer may ring a moment early.
      expect(second! - first!).toBeGreaterThan(990);
      expect(third! - second!).toBeGreaterThan(1990);
    } finally {
      await bench.close();
    }
  });
});
