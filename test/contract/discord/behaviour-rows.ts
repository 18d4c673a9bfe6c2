import { happenings, happeningsKept } from './happening-rows.js';
import { restRows } from './rest-rows.js';

/** What holds a line of docs/discord.md: tests, by file and title; or why there is none. */
export type Row = { tests: readonly (readonly [file: string, ...titles: string[]])[] } | { notBuilt: string };

const here = (name: string) => `test/contract/discord/${name}.test.ts`;
const bot = 'test/integration/discord/discord-module.test.ts';
const outages = 'test/integration/discord/discord-outages.test.ts';
const refusals = 'test/integration/discord/discord-refusals.test.ts';
const fake = 'test/integration/testing/fake-discord.test.ts';
const program = 'test/e2e/discord.test.ts';

const caughtUp = 'catches up with what happened in an outage, whether the session survives it or not';
const resumed = 'is resumed after %s, and what happened meanwhile is told once';
const hiding = 'test/e2e/hidden-members.test.ts';

export const rows: Readonly<Record<string, Row>> = {
  S1: {
    tests: [[here('login'), 'learns the gateway from the one address it is given, and where to resume from READY']],
  },
  S2: {
    tests: [
      [outages, 'starts without Discord and is there when Discord comes'],
      [here('login'), 'is tried again after %s'],
      [program, 'does not keep the app from starting, and a waiting d-zone client is let in when the guild appears'],
    ],
  },
  S3: {
    tests: [
      [refusals, 'stops at a wrong token and says what to do'],
      [
        here('closes'),
        '4014 comes again: one intent after the other is done without, and only without any it is final',
      ],
      [program, 'says in one sentence what a wrong token needs, and goes on serving'],
    ],
  },
  S4: { tests: [[here('login'), 'is over when every guild has come, not when Discord greets']] },
  S5: { tests: [[refusals, 'stops when the token is taken back while it runs']] },
  S6: {
    tests: [
      [here('closes'), '4002 right after each start is met with growing pauses, in one session'],
      [outages, 'does not come back after its end'],
    ],
  },
  S7: {
    tests: [
      [
        here('login'),
        'asks for 250 offline members and no direct messages, and registers no command',
        'hears of direct messages where that confirms notifications, also without other intents, and tells nobody',
      ],
    ],
  },
  S8: {
    tests: [
      [
        here('sessions'),
        'is spared: a session that breaks again and again is resumed each time',
        'is used up: the bot waits until there are some again, and asks nothing meanwhile',
      ],
      [
        here('shards'),
        'are kept at the start: the bot says until when it waits, and goes on then',
        'are kept when a session is lost, and the bot comes back by itself when there are more',
        'are not waited for with a token that is taken back: the gateway itself says what there is to say',
      ],
    ],
  },
  S9: {
    tests: [
      [
        here('shards'),
        'are as many as Discord recommends, all in this process, each with its own guilds',
        'may be some of a number: the guilds of the others are another process’s',
        'of one bucket wait for each other',
      ],
    ],
  },

  G1: { tests: [[here('sessions'), resumed]] },
  G2: { tests: [[here('sessions'), resumed]] },
  G3: {
    tests: [
      [outages, caughtUp],
      [program, 'outlives an outage of Discord, and nobody stays online who went offline meanwhile'],
      [
        here('members'),
        'stays partial while chunks are missing, and is caught up with after a session that broke off amid them',
      ],
    ],
  },
  G4: { tests: [[here('closes'), '%i is followed by %s, and nothing is lost', '%i is final, and says what to do']] },
  G5: {
    tests: [
      [
        refusals,
        'does without the intents that Discord does not allow',
        'goes on without intents that are taken back while it runs',
      ],
      [here('intents'), 'is done without when it is taken back while the session runs, and the others are kept'],
      [
        here('closes'),
        '4014 comes again: one intent after the other is done without, and only without any it is final',
      ],
    ],
  },
  G6: {
    tests: [
      [here('intents'), 'message content: messages come without their texts, but for those that mention the bot'],
    ],
  },
  G7: { tests: [[here('intents'), 'presences: nobody is online, and everything else works']] },
  G8: {
    tests: [
      [here('intents'), 'members: nobody joins or leaves; who comes online is asked for, with nickname and roles'],
    ],
  },
  G9: {
    tests: [
      [here('intents'), 'is named by the health check, in the snapshot of every visitor, and starts nothing over'],
    ],
  },
  G10: {
    tests: [['test/integration/doctor/discord-faults.test.ts', 'are named when they are switched off: %j']],
  },
  G11: {
    tests: [
      [bot, 'is asked for its offline members once'],
      [here('members'), 'is whole when its chunks come in any order, and is asked for once'],
    ],
  },
  G12: { tests: [[here('members'), 'is asked for again when Discord answers that it is too early']] },
  G13: {
    tests: [
      [
        here('members'),
        'is whole when its chunks come in any order, and is asked for once',
        'stays partial while chunks are missing, and is caught up with after a session that broke off amid them',
      ],
    ],
  },
  G14: { tests: [[here('members'), 'is not asked for again when visitors come']] },
  G15: {
    tests: [
      [
        here('members'),
        'someone of whom nothing is known comes online in a guild that is not whole yet',
        'an unknown member of one guild whom another guild knows is not shown without nickname and roles',
      ],
    ],
  },
  G16: { tests: [[bot, 'is complete in its snapshot', 'tells a changed presence once, with the one before']] },
  G17: {
    tests: [
      [fake, 'reads a message with a mention, and one sent to it directly'],
      [
        here('login'),
        'hears of direct messages where that confirms notifications, also without other intents, and tells nobody',
      ],
      [
        'test/e2e/direct-messages.test.ts',
        'of ours are confirmed, and those of people are not stored, logged, told or counted',
      ],
    ],
  },
  G18: { tests: [[here('members'), '@everyone among a member’s roles is no role of theirs']] },
  ...happenings,
  G26: {
    tests: [
      [
        here('shards'),
        'are lost one by one: its guilds are unavailable until it is back, the others stay live',
        'that are back at once take no guild away, and a lost session costs its own shard an IDENTIFY',
        'all lost are the connection lost',
      ],
    ],
  },

  ...restRows,

  P1: {
    tests: [
      [
        bot,
        'keeps to itself what not everyone may read',
        'judges each message by what its channel was when it was written',
      ],
      [
        here('privacy'),
        'follows a channel: opened it is heard, closed by a role’s own word for everyone it is not',
        'keeps private what was written in a private channel while the connection was lost',
      ],
      [
        here('messages'),
        'of a channel that closes are neither edited nor deleted, and nobody writes there, from that moment on',
      ],
    ],
  },
  P2: { tests: [[hiding, 'hears of private channels what the operator names, and of no other']] },
  P3: {
    tests: [
      [bot, 'keeps to itself what not everyone may read'],
      [program, 'lets nothing out of channels that not everybody may read'],
    ],
  },
  P4: {
    tests: [
      [here('privacy'), 'marks what the bot and other bots write'],
      [bot, 'tells what people and bots write, with names for ids'],
    ],
  },
  P5: {
    tests: [
      [bot, 'tells what people and bots write, with names for ids'],
      ['test/unit/discord/clean-content.test.ts', 'lets no id through, known or not'],
    ],
  },
  P6: { tests: [[hiding, 'is gone from every transport, list, history and table at once, and from the log']] },
  P7: {
    tests: [
      [hiding, 'is gone from every transport, list, history and table at once, and from the log'],
      [
        'test/unit/gateway/shown-gate.test.ts',
        'forgets who hides, with their leave, and goes on for those who stand at its end',
      ],
    ],
  },
  P8: {
    tests: [
      [bot, 'are hidden altogether, and named for the operator alone'],
      [program, 'shows nothing of a real guild, and tells the operator which line to set'],
    ],
  },
  ...happeningsKept,
};
