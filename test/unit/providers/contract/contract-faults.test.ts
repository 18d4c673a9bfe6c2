import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type SourceMember } from '../../../../src/providers/data-provider.js';
import { type SourcePlugin } from '../../../../src/providers/source-plugin.js';
import { guildId, newWorld, options, telling, verdict, withMember, world } from './good-source.js';

beforeEach(newWorld);

const listing = (spoil: (told: readonly object[]) => unknown) => (source: SourcePlugin) => ({
  ...source,
  listGuilds: async () => spoil(await source.listGuilds()),
});
const forever = () => new Promise<never>(() => undefined);

describe('the contract of a source', () => {
  const twoOf = <T>(list: readonly T[]) => [...list, ...list];
  it.each<[string, (source: SourcePlugin) => unknown, RegExp]>([
    ['nothing', () => undefined, /^has a valid name.*open\(\) answered undefined: answer a data source/],
    ['no name', (source) => ({ ...source, name: 'Not One' }), /cannot be used: its name must be 2 to 32 lower-case/],
    ['no listGuilds', (source) => ({ ...source, listGuilds: 5 }), /listGuilds must be a function/],
    [
      'an error at once',
      () => {
        throw new Error('no key');
      },
      /open\(\) threw "no key"/,
    ],
    ['a list that is none', listing(() => ({})), /listGuilds answered \{\}: answer a list of guilds/],
    ['a list that hangs', (source) => ({ ...source, listGuilds: forever }), /listGuilds did not end within 300 ms/],
    ['a guild twice', listing(twoOf), /listGuilds told guild 300000000000000001 twice/],
    [
      'a guild without an id',
      listing((told) => [...told, {}]),
      /mend or leave out guilds without an id, 1 of them \(tell an id/,
    ],
    [
      'a number for a guild',
      listing((told) => [...told, { id: 12345, name: 'x' }]),
      /the id of a guild is a number: ids are text/,
    ],
    [
      'a guild without a name',
      listing((told) => told.map((one) => ({ ...one, name: ' ' }))),
      /leave out name of the guild, 1 of them/,
    ],
    [
      'an icon that is none',
      listing((told) => told.map((one) => ({ ...one, iconUrl: 'icon.png' }))),
      /not take iconUrl as it is, "icon.png"/,
    ],
    [
      'a wrong alias',
      listing((told) => told.map((one) => ({ ...one, suggested: { alias: 'a b' } }))),
      /suggested: Guildcast would not take alias as it is, "a b"/,
    ],
    [
      'a wrong door',
      listing((told) => told.map((one) => ({ ...one, suggested: { door: 'ajar' } }))),
      /not take door as it is, "ajar"/,
    ],
    [
      'no snapshot',
      telling(() => []),
      /loadGuild\("300000000000000001"\) answered \[\]: the answer is not a snapshot.*answer \{guild, members\}/,
    ],
    [
      'a guild it should know',
      (source) => ({ ...source, loadGuild: () => Promise.resolve(undefined) }),
      /answered undefined, as if it did not know the guild/,
    ],
    [
      'another guild',
      telling((told) => ({ ...told, guild: { ...told.guild, id: '300000000000000002' } })),
      /is about another guild/,
    ],
    [
      'a member without an id',
      telling((told) => ({ ...told, members: [{ username: 'x' }] })),
      /members without an id, 1 of them/,
    ],
    [
      'a member twice',
      telling((told) => ({ ...told, members: twoOf(told.members as SourceMember[]) })),
      /members told twice, 1 of them \(tell each member once\)/,
    ],
    ['a number for a member', withMember({ id: 123456 }), /the id of a member is a number/],
    [
      'an unknown status',
      withMember({ status: 'away' }),
      /loads the guild, with nothing to mend: .*status, 1 of them \(tell online, idle, dnd or offline/,
    ],
    ['a wrong colour', withMember({ roleColor: 'red' }), /roleColor, 1 of them/],
    ['nobody', withMember({ username: undefined }), /username, 1 of them/],
    [
      'a wrong avatar',
      withMember({ avatarUrl: 'x' }),
      /member 200000000000000001: Guildcast would not take avatarUrl as it is, "x"/,
    ],
    ['a wrong role', withMember({ roleIds: ['x'] }), /not take roleIds as it is, \["x"\]/],
    ['a wrong activity', withMember({ activities: [{ type: 'sleeping', name: 'x' }] }), /not take activities/],
    ['a wrong bot', withMember({ bot: 'yes' }), /not take bot as it is, "yes"/],
    ['a wrong name', withMember({ displayName: 5 }), /not take displayName as it is, 5/],
    ['a wrong time', withMember({ joinedAt: 'spring' }), /not take joinedAt/],
    ['a wrong age', telling((told) => ({ ...told, stale: 'no' })), /stale, 1 of them \(tell true or false/],
    ['a wrong time of its own', telling((told) => ({ ...told, asOf: 'now' })), /asOf, 1 of them \(tell a time as text/],
    ['wrong parts', telling((told) => ({ ...told, partial: 'roles' })), /not take partial as it is, "roles"/],
    [
      'a Map',
      telling(({ guild, members }) => ({ guild, members: new Map(Object.entries(members)) })),
      /members is a Map or a Set/,
    ],
    ['another list', listing(() => []), /loads every guild.*listGuilds does not tell guild 300000000000000001/],
    [
      'another name in the list',
      listing((told) => told.map((one) => ({ ...one, name: 'Village' }))),
      /listGuilds tells .*Village.*tell the same/,
    ],
    [
      'a guild of the list that it does not know',
      listing((told) => [...told, { id: '300000000000000009', name: 'x', iconUrl: null }]),
      /loadGuild\("300000000000000009"\) answered undefined/,
    ],
    [
      'null for what it does not know',
      (source) => ({ ...source, loadGuild: async (id: string) => (await source.loadGuild(id)) ?? null }),
      /answers undefined.*answered null: answer undefined/,
    ],
    [
      'a throw for what it does not know',
      (source) => ({
        ...source,
        loadGuild: async (id: string) => (await source.loadGuild(id)) ?? Promise.reject(new Error('404')),
      }),
      /threw "404". A throw says that the source is broken/,
    ],
    [
      'a deaf ear for signals',
      (source) => ({
        ...source,
        loadGuild: async (id: string, signal: AbortSignal) => (signal.aborted ? forever() : source.loadGuild(id)),
      }),
      /gives up.*loadGuild went on for 150 ms after its signal/,
    ],
    ['a deaf ear for late signals', deaf, /gives up.*loadGuild went on for 150 ms after its signal/],
    [
      'a list with a deaf ear',
      (source) => ({
        ...source,
        listGuilds: async (signal: AbortSignal) => (signal.aborted ? forever() : source.listGuilds()),
      }),
      /listGuilds went on for 150 ms/,
    ],
    ['an end with the first abort', endsWithAbort, /gives up.*loadGuild.* threw "gone"/],
    [
      'one answer at a time',
      oneAtATime,
      /answers two who ask at once alike: Two loadGuild at once answered differently/,
    ],
    [
      'its own list of members',
      telling(({ guild }) => ({ guild, members: Object.assign(shared, { 0: { ...world.members[0] } }) })),
      /leaves its earlier answers.*An answer changed after it was given/,
    ],
    ['more than data', withMember({ ring: () => undefined }), /An answer holds more than data/],
    [
      'what was true at the start',
      frozen,
      /loadGuild\("300000000000000001"\) told 300 ms after change\(\) what it told before/,
    ],
    [
      'a watch that never calls',
      (source) => ({ ...source, watch: () => Promise.resolve(() => Promise.resolve()) }),
      /did not call changed for guild 300000000000000001 within 300 ms after change\(\): call it/,
    ],
    [
      'a watch that names others',
      (source) => ({ ...source, watch: (changed: (id: string) => void) => source.watch!(() => changed('1')) }),
      /within 300 ms after change\(\), only with \["1"/,
    ],
    [
      'a watch that says more',
      (source) => ({ ...source, watch: (changed: (id: unknown) => void) => source.watch!((id) => changed({ id })) }),
      /called changed with \{"id":/,
    ],
    [
      'a watch that does not stop',
      (source) => ({
        ...source,
        watch: async (changed: () => void) => (await source.watch!(changed), () => Promise.resolve()),
      }),
      /watch called changed after it was stopped/,
    ],
    [
      'a watch without an end',
      (source) => ({ ...source, watch: () => Promise.resolve() }),
      /watch answered undefined: answer a function that stops it/,
    ],
    [
      'a watch that throws',
      (source) => ({ ...source, watch: () => Promise.reject(new Error('no')) }),
      /watch threw "no"/,
    ],
    [
      'an end that throws',
      (source) => ({ ...source, close: () => Promise.reject(new Error('stuck')) }),
      /close\(\) threw "stuck"/,
    ],
    ['an end that hangs', (source) => ({ ...source, close: forever }), /close\(\) did not end within 300 ms/],
    [
      'what it had before, while broken',
      (source) => ({
        ...source,
        loadGuild: (id: string) => (world.broken ? Promise.resolve(undefined) : source.loadGuild(id)),
      }),
      /throws while.*answered undefined while it was broken, which ends the room/,
    ],
    [
      'an empty list while broken',
      (source) => ({ ...source, listGuilds: () => (world.broken ? Promise.resolve([]) : source.listGuilds()) }),
      /listGuilds answered \[\] while it was broken: let it throw/,
    ],
    [
      'silence while broken',
      (source) => ({ ...source, loadGuild: (id: string) => (world.broken ? forever() : source.loadGuild(id)) }),
      /did not end within 300 ms while it was broken/,
    ],
    [
      'no words while broken',
      (source) => ({ ...source, loadGuild: (id: string) => (world.broken ? wordless() : source.loadGuild(id)) }),
      /threw 404: throw an Error whose message/,
    ],
    ['no recovery', unforgiving, /does not answer after mendIt\(\)/],
  ])('says what is wrong with one that offers %s', async (_what, make, sentence) => {
    expect(await verdict(options(make))).toMatch(sentence);
    expect(world.broken).toBe(false);
  });
});

const shared: object[] = [];

function wordless(): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what others do
  return Promise.reject(404);
}

/** Looks at its signal before it begins, and not again. */
function deaf(source: SourcePlugin): object {
  return {
    ...source,
    loadGuild: async (id: string, signal: AbortSignal) => {
      if (signal.aborted) throw new Error('aborted');
      await Promise.resolve();
      return signal.aborted ? forever() : source.loadGuild(id);
    },
  };
}

function endsWithAbort(source: SourcePlugin): object {
  let gone = false;
  return {
    ...source,
    loadGuild: (id: string, signal: AbortSignal) => {
      gone ||= signal.aborted;
      return gone ? Promise.reject(new Error('gone')) : source.loadGuild(id);
    },
  };
}

function oneAtATime(source: SourcePlugin): object {
  let asked = 0;
  return {
    ...source,
    loadGuild: async (id: string) => {
      asked += 1;
      const told = await source.loadGuild(id);
      await pause(5);
      const alone = asked === 1;
      asked -= 1;
      return told && { ...told, members: alone ? told.members : [] };
    },
  };
}

function frozen(source: SourcePlugin): object {
  const first = source.loadGuild(guildId);
  first.catch(() => undefined);
  return { ...source, loadGuild: (id: string) => (id === guildId ? first : source.loadGuild(id)) };
}

function unforgiving(source: SourcePlugin): object {
  let hurt = false;
  return {
    ...source,
    loadGuild: (id: string) => {
      hurt ||= world.broken;
      return hurt ? Promise.reject(new Error('never again')) : source.loadGuild(id);
    },
  };
}
