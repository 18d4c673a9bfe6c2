import { describe, expect, it, vi } from 'vitest';
import { type FakeDiscord, type FakeDiscordOptions } from '../../../src/testing/fake-discord/index.js';
import { deadline } from '../../integration/discord/discord-app.js';
import { DiscordBench } from './discord-bench.js';

const kinds = (discord: FakeDiscord): string[] => discord.sessionStarts.map(({ kind }) => kind);

/** How a session may break and still be resumed. */
const breaks: [string, FakeDiscordOptions, (discord: FakeDiscord) => void][] = [
  ['a cut on the wire', {}, (discord) => discord.dropSessions()],
  ['op 7', {}, (discord) => discord.askReconnect()],
  ['heartbeats that meet silence', { heartbeatInterval: 400 }, (discord) => discord.answerHeartbeats(false)],
];

// Concurrent: an IDENTIFY waits for 5 s after the one before.
describe.concurrent('a session that breaks', () => {
  it.each(breaks)('is resumed after %s, and what happened meanwhile is told once', async (_, options, cut) => {
    const bench = await DiscordBench.open({ discord: options });
    const { discord, app, place } = bench;
    try {
      await app.status.settled();
      const { guild, ada, bob, robot, general } = place;
      discord.pauseReplays(200);
      app.events.length = 0;
      const lost = app.waitForState('connecting');
      cut(discord);
      await lost;
      guild.setPresence(ada.id, 'dnd');
      guild.setPresence(robot.id, 'offline');
      guild.updateMember(ada.id, { nick: 'Ada' });
      guild.removeMember(bob.id);
      const cora = guild.addMember({ username: 'cora', status: 'idle' }).user;
      guild.say({ channelId: general.id, authorId: ada.id, content: 'meanwhile' });
      discord.answerHeartbeats(true);
      await app.waitForState('ready');
      await app.waitFor('message.created', ({ data }) => data.content === 'meanwhile');
      await app.waitFor('presence.updated', ({ data }) => data.member.id === robot.id && data.status === 'offline');
      await app.waitFor('member.left', ({ data }) => data.member.id === bob.id);
      await app.waitFor('member.joined', ({ data }) => data.member.id === cora.id);
      await app.waitFor('member.updated', ({ data }) => data.member.displayName === 'Ada');
      guild.setPresence(ada.id, 'idle');
      await app.waitFor('presence.updated', ({ data }) => data.status === 'idle' && data.member.id === ada.id);
      expect(app.events.map(({ type }) => type).sort()).toEqual([
        'member.joined',
        'member.left',
        'member.updated',
        'message.created',
        'presence.updated',
        'presence.updated',
        'presence.updated',
      ]);
      expect(kinds(discord)).toEqual(expect.arrayContaining(['identify', 'resume']));
    } finally {
      await bench.close();
    }
  });
});

describe.concurrent('the daily number of IDENTIFYs', () => {
  it('is spared: a session that breaks again and again is resumed each time', async () => {
    const bench = await DiscordBench.open();
    const { discord, app } = bench;
    try {
      await app.status.settled();
      discord.dropNextSessions(4000, 4000);
      discord.dropSessions();
      await vi.waitFor(() => expect(discord.sessionStarts).toHaveLength(4), { timeout: deadline });
      await app.waitForState('ready');
      expect(kinds(discord)).toEqual(['identify', 'resume', 'resume', 'resume']);
      expect(new Set(discord.sessionStarts.map(({ sessionId }) => sessionId)).size).toBe(1);
    } finally {
      await bench.close();
    }
  });

  it('is used up: the bot waits until there are some again, and asks nothing meanwhile', async () => {
    const bench = await DiscordBench.open({
      prepare: (discord) => discord.limitSessionStarts({ remaining: 0, resetAfter: 4_000 }),
    });
    const { discord, app } = bench;
    try {
      await vi.waitFor(() => expect(app.status.current().detail).toContain('only 0 more sessions'), {
        timeout: deadline,
      });
      expect(app.status.current().state).toBe('connecting');
      expect(kinds(discord)).toEqual([]);
      discord.limitSessionStarts(undefined);
      await app.status.settled();
      expect(app.status.current().state).toBe('ready');
      expect(discord.requests.filter(({ path }) => path === '/gateway/bot')).toHaveLength(2);
    } finally {
      await bench.close();
    }
  });
});
