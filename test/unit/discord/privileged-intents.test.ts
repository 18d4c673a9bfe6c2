import { ApplicationFlags } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { intentsRefused, missingIntentsSentence } from '../../../src/discord/privileged-intents.js';

const names = (flags: number | undefined) => intentsRefused(flags).map(({ name }) => name);

describe('intentsRefused', () => {
  it('finds out of the flags what is switched off', () => {
    expect(names(ApplicationFlags.GatewayGuildMembersLimited | ApplicationFlags.GatewayMessageContent)).toEqual([
      'presences',
    ]);
  });

  it('gives all of them up when the flags are unknown or explain nothing', () => {
    const all = ['members', 'presences', 'message-content'];
    expect(names(undefined)).toEqual(all);
    expect(
      names(
        ApplicationFlags.GatewayGuildMembers |
          ApplicationFlags.GatewayPresence |
          ApplicationFlags.GatewayMessageContent,
      ),
    ).toEqual(all);
  });

  it('gives all of them up when those that are missing already explain nothing new', () => {
    const flags = ApplicationFlags.GatewayGuildMembersLimited | ApplicationFlags.GatewayMessageContentLimited;
    const already = intentsRefused(flags);
    expect(already.map(({ name }) => name)).toEqual(['presences']);
    expect(intentsRefused(flags, already)).toHaveLength(3);
    expect(intentsRefused(ApplicationFlags.GatewayMessageContentLimited, already).map(({ name }) => name)).toEqual([
      'members',
      'presences',
    ]);
  });

  it('is told in the words of the developer portal', () => {
    expect(missingIntentsSentence(intentsRefused(0))).toContain(
      'Server Members Intent, Presence Intent, Message Content Intent',
    );
  });
});
