import type { Client, Guild } from 'discord.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type GatewayMembers, MembersCutOff, MembersRefused } from '../../../src/discord/gateway-members.js';
import type { GuildMirror } from '../../../src/discord/guild-mirror.js';
import { MemberLoader } from '../../../src/discord/member-loader.js';

/** Seconds after the start at which the guild was asked for, with the given answers one after the other. */
async function askedAt(answers: (Error | undefined)[], seconds: number): Promise<number[]> {
  const start = Date.now();
  const asked: number[] = [];
  const guild = { id: '1', available: true } as Guild;
  const client = { options: { intents: { has: () => true } }, guilds: { cache: new Map([['1', guild]]) } };
  const members = {
    ask: () => {
      const answer = answers[asked.push(Math.floor((Date.now() - start) / 1000)) - 1];
      return answer === undefined ? Promise.resolve() : Promise.reject(answer);
    },
  };
  const observeWhole = vi.fn();
  const loader = new MemberLoader(
    client as unknown as Client,
    { observeWhole } as unknown as GuildMirror,
    members as unknown as GatewayMembers,
  );
  loader.load('1');
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  loader.onApplicationShutdown();
  expect(observeWhole).toHaveBeenCalledTimes(answers.length < asked.length || answers.includes(undefined) ? 1 : 0);
  return asked;
}

describe('the members of a guild', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.99);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('are asked for again as soon as Discord allows it when the session broke off amid the answer', async () => {
    expect(await askedAt([new MembersCutOff(), new MembersCutOff(), undefined], 200)).toEqual([0, 31, 62]);
  });

  it('are asked for again when Discord says so', async () => {
    expect(await askedAt([new MembersRefused(4_000), undefined], 200)).toEqual([0, 4]);
  });

  it('are asked for less and less often while no answer comes', async () => {
    const silence = new Error('no answer in time');
    const asked = await askedAt([silence, silence, silence, undefined], 1_000);
    expect(asked).toEqual([0, 61, 185, 431]);
  });
});
