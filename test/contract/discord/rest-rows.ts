import { type Row } from './behaviour-rows.js';

const here = (name: string) => `test/contract/discord/${name}.test.ts`;
const sending = 'test/integration/discord/discord-sending.test.ts';
const confirmation = 'test/integration/queue/confirmation.test.ts';
const fake = 'test/integration/testing/fake-discord.test.ts';
const limits = 'test/unit/discord/embed-limits.test.ts';
const commands = 'test/integration/discord/commands.test.ts';
const registration = 'test/integration/discord/command-registration.test.ts';

/** What holds the lines about REST. */
export const restRows: Readonly<Record<string, Row>> = {
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
  R10: {
    tests: [
      [
        'test/integration/queue/publish-options.test.ts',
        'gets what the target refuses, and the history tells why',
        'is the last one: what it refuses is dead',
      ],
      [
        'test/integration/queue/destinations.test.ts',
        'is left alone after five failures, one try at a time, and gets everything in its order once it is well',
        'is switched off after three notifications that it refused, and what is for it waits or turns elsewhere',
        'is not blamed for outages, rate limits, and messages that nobody could send',
      ],
    ],
  },
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
      [confirmation, 'is found in the %s before it is sent again', 'asks nothing while Discord still knows the nonce'],
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
      [
        confirmation,
        'confirms what the bot and webhooks wrote where nobody else looks, and shows none of it',
        'confirms direct messages, and settles those whose answer was lost',
        'takes nothing that people write to the bot for a message of ours, and keeps nothing of it',
        'is not sent again: Discord had told of it',
      ],
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
      [
        confirmation,
        'settles what went out by webhook and whose answer was lost',
        'settles what was given up as unknown, once, and by the same words alone',
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
  R20: {
    tests: [
      [here('channels'), 'rings nobody, unless its sender says whom it may'],
      [
        'test/e2e/mentions.test.ts',
        'stands before what it says, and nobody else is rung',
        'is nobody whom its texts name',
        'is nobody for a key that may not, alone or in a batch, and nothing is stored',
      ],
    ],
  },
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
};
