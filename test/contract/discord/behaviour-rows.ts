import { happenings, happeningsKept } from './happening-rows.js';

/** What holds a line of docs/discord.md: tests, by file and title; or why there is none. */
export type Row = { tests: readonly (readonly [file: string, ...titles: string[]])[] } | { notBuilt: string };

const here = (name: string) => `test/contract/discord/${name}.test.ts`;
const bot = 'test/integration/discord/discord-module.test.ts';
const outages = 'test/integration/discord/discord-outages.test.ts';
const refusals = 'test/integration/discord/discord-refusals.test.ts';
const sending = 'test/integration/discord/discord-sending.test.ts';
const fake = 'test/integration/testing/fake-discord.test.ts';
const limits = 'test/unit/discord/embed-limits.test.ts';
const program = 'test/e2e/discord.test.ts';
const commands = 'test/integration/discord/commands.test.ts';
const registration = 'test/integration/discord/command-registration.test.ts';

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
    tests: [[here('login'), 'asks for 250 offline members and no direct messages, and registers no command']],
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
      [here('login'), 'asks for 250 offline members and no direct messages, and registers no command'],
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

  R1: { tests: [[here('sending'), 'an empty bucket is waited for before Discord has to refuse']] },
  R2: {
    tests: [
      [here('sending'), 'a short pause is kept as the header says it, whatever the body says'],
      [sending, 'comes back later after a rate limit, and says when'],
      [here('channels'), 'waits as long as a 429 of scope %s says', 'waits for an outage to pass, and is there then'],
    ],
  },
  R3: { tests: [[here('sending'), 'a failure of Discord is repeated once, and then left to the queue']] },
  R4: { tests: [[here('sending'), 'silence is given up in bounded time']] },
  R5: {
    tests: [
      [
        here('sending'),
        'is kept away from: after so many refusals sending pauses, and asks Discord nothing',
        'a pause of nothing is not repeated without end',
      ],
      [
        here('refusals'),
        'count together, whoever met them, and hold the bot, webhooks and questions alike',
        'are said by the health check and the measurements while sending pauses, and it goes on by itself',
      ],
      [
        'test/unit/discord/invalid-request-budget.test.ts',
        'pauses from the last refusal that may be risked until the oldest is ten minutes old',
      ],
    ],
  },
  R6: {
    tests: [
      [sending, 'stops for good when Discord refuses the token'],
      [here('answers'), 'a 401 to the bot ends all sending of the bot, and is said; webhooks go on'],
    ],
  },
  R7: {
    tests: [
      [here('sending'), '%i with code %i is final: %s'],
      [here('answers'), 'to a %s with %i and code %s means one thing', 'has a row of the table, and each row a test'],
      [here('channels'), 'is refused for good where the bot may not write or see, and where nothing is'],
      [sending, 'gives up on a user who takes no direct messages, and on one who does not exist'],
    ],
  },
  R8: { tests: [[here('sending'), 'a channel of direct messages that is gone is opened anew with the next try']] },
  R9: { tests: [[here('sending'), 'ends the notification as a dead letter with its reason, after one request']] },
  R10: { notBuilt: 'a notification has one target' },
  R11: {
    tests: [
      [
        here('webhooks'),
        'ends for good with its webhook, and with a wrong token, which is not the bot’s',
        'has rate limits of its own: neither waits for the other',
        'needs no bot',
        'is read from the addresses that Discord gives out, and from no other',
        'leaves its token in no line of the log',
      ],
    ],
  },
  R12: {
    tests: [
      [
        here('sending'),
        'a global pause holds every send',
        'no more than 50 requests go out in a second, however many want to',
      ],
    ],
  },
  R13: {
    tests: [
      [here('sending'), 'a message whose answer was lost is not sent a second time'],
      [
        here('channels'),
        'is there whole, and once for each nonce',
        'is one message after a lost answer',
        'goes into a thread too',
        'can be replaced, also when the answer is lost, and what the new one has not is gone',
      ],
      [sending, 'writes a direct message that mentions nobody, once for each nonce'],
    ],
  },
  R14: {
    tests: [
      [here('sending'), 'ends the notification as a dead letter with its reason, after one request'],
      [
        'test/integration/queue/delivery-worker.test.ts',
        'delivers what a process that died had claimed, with the same nonce',
      ],
    ],
  },
  R15: {
    tests: [
      [fake, 'sends a direct message once for each nonce, and hears itself'],
      [here('login'), 'asks for 250 offline members and no direct messages, and registers no command'],
    ],
  },
  R16: {
    tests: [
      [
        here('webhooks'),
        'is there, and its id is known',
        'goes into a thread that its address names',
        'is unknown when %s, and not sent a second time',
        'is unknown when no answer comes in time, and not sent a second time',
        'is not taken where Discord’s edge answers %i',
        'waits while nobody listens, since nothing was said then',
        'can be replaced, and a lost answer of that is no riddle',
      ],
      [
        'test/integration/queue/delivery-targets.test.ts',
        'ends as unknown when the process that sent it died, and is not sent a second time',
      ],
    ],
  },
  R17: {
    tests: [
      [here('sending'), 'are kept by cutting with a mark, so that Discord takes the longest of events'],
      [limits, 'cuts every text to its own limit', 'puts something into empty fields, which Discord would refuse'],
      [limits, 'keeps the sum of an embed under 6000 and tells how many fields are missing'],
      ['test/unit/discord/message-limits.property.test.ts', 'is taken by Discord, or says nothing at all'],
    ],
  },
  R18: {
    tests: [
      ['test/unit/queue/notification-types.test.ts', 'does not let the message out of its code block'],
      [limits, 'closes a code block that it cuts open', 'leaves no open code block whatever the place of the cut'],
      ['test/unit/discord/message-limits.property.test.ts', 'keeps in its code block what was put there, however long'],
    ],
  },
  R19: {
    tests: [
      [sending, 'writes a direct message that mentions nobody, once for each nonce'],
      [here('channels'), 'rings nobody, unless its sender says whom it may'],
    ],
  },
  R20: { notBuilt: 'no key may mention' },
  R21: {
    tests: [
      [
        registration,
        'writes nothing at the next start, and once more when something differs',
        'that meets %s is tried again; the bot lives meanwhile, and says so once',
      ],
    ],
  },
  R22: {
    tests: [
      [
        commands,
        'that takes its time is answered twice: that it is being worked on, and with the answer',
        'whose answer is lost on its way back is answered once',
        'whose waiting sign is lost on its way back gets its answer',
        'that Discord does not know any more is given up with a line in the log',
      ],
    ],
  },
  R23: { tests: [[commands, '%s is refused without Manage Server, also when Discord lets it through']] },

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
