import { type Row } from './behaviour-rows.js';

const here = (name: string) => `test/contract/discord/${name}.test.ts`;
const happening = 'test/e2e/discord-happenings.test.ts';

/** What holds the lines about messages, typing, voice, channels, platforms and roles. */
export const happenings: Readonly<Record<string, Row>> = {
  G19: {
    tests: [
      [
        here('messages'),
        'that are edited are told as they are now, once for each edit',
        'from before the start are told when they are edited, but not when they are deleted',
      ],
    ],
  },
  G20: {
    tests: [
      [here('messages'), 'that are deleted are told by their ids, one or many, if they were told of at all'],
      [
        'test/unit/discord/shown-messages.test.ts',
        'are forgotten when there are too many, the longest untouched first',
      ],
    ],
  },
  G21: {
    tests: [
      [here('messages'), 'is told once for a while, for each channel, and of closed channels not at all'],
      ['test/unit/discord/typing-pace.test.ts', 'may be told of once in eight seconds, for each member and channel'],
    ],
  },
  G22: {
    tests: [[here('happenings'), 'is known from the start, and told of the member who enters, moves and leaves']],
  },
  G23: {
    tests: [
      [
        here('happenings'),
        'that everybody can see are in the snapshot, and told when they come, change and go',
        'that changed in an outage are told when it is over, whether the session survives it or not',
        'of a guild that comes again after the bot was thrown out are those it has now, without a word about them',
        'adds up to the snapshot',
      ],
    ],
  },
  G24: {
    tests: [[here('happenings'), 'are told with where they are signed in, also when that alone changes']],
  },
  G25: { tests: [[here('happenings'), 'who wear a role are told when it rises, is deleted, or is made anew']] },
};

/** The same for what stays in Discord. */
export const happeningsKept: Readonly<Record<string, Row>> = {
  P9: {
    tests: [
      [
        here('messages'),
        'that were written for some alone stay so when their channel opens and they are edited',
        'in a thread follow the channel that it hangs on',
      ],
      [happening, 'stays in Discord where not everybody may see it, and stops at once where they may no longer'],
    ],
  },
  P10: {
    tests: [
      [
        here('happenings'),
        'in a channel that not everybody can see is not told, nor in one that closes or goes',
        'of a guild that is for adults alone are not told, nor who is in one',
      ],
      [happening, 'stays in Discord where not everybody may see it, and stops at once where they may no longer'],
    ],
  },
};
