import { describe, expect, it } from 'vitest';
import { sameCommands } from '../../../../src/discord/commands/command-difference.js';

const choices = [
  { name: 'one', value: '1', name_localizations: { 'es-ES': 'uno' } },
  { name: 'two', value: '2' },
];
const ours = {
  type: 1,
  name: 'town',
  description: 'the town',
  name_localizations: { 'es-ES': 'pueblo' },
  default_member_permissions: '32',
  contexts: [0, 1],
  options: [
    { type: 1, name: 'show', description: 'shows it', options: [] },
    {
      type: 1,
      name: 'set',
      description: 'sets it',
      options: [{ type: 3, name: 'word', description: 'a word', choices }],
    },
  ],
};
/** As Discord gives it back. */
const theirs = {
  ...structuredClone(ours),
  id: '1',
  version: '2',
  application_id: '3',
  dm_permission: true,
  nsfw: false,
  contexts: [1, 0],
  integration_types: [0],
  description_localizations: null,
};

describe('sameCommands', () => {
  it('takes what Discord adds, fills in and puts in another order for the same', () => {
    const { options, ...rest } = structuredClone(theirs);
    const told = { ...rest, options: [{ type: 1, name: 'show', description: 'shows it' }, options[1]] };
    const other = { name: 'other', description: 'another' };
    expect(sameCommands([told, other], [{ ...other, options: [], type: 1 }, ours])).toBe(true);
    expect(sameCommands([], [])).toBe(true);
  });

  type Command = typeof theirs;
  it.each<[string, (command: Command) => unknown]>([
    ['a description', (command) => (command.description = 'a town')],
    ['a name', (command) => (command.name = 'city')],
    ['a translation', (command) => Object.assign(command.name_localizations, { 'es-ES': 'villa' })],
    ['one translation more', (command) => Object.assign(command.name_localizations, { de: 'Stadt' })],
    ['who may see it', (command) => Object.assign(command, { default_member_permissions: null })],
    ['where it may be seen', (command) => (command.contexts = [0])],
    ['whether it is for adults', (command) => (command.nsfw = true)],
    ['where it is installed', (command) => (command.integration_types = [0, 1])],
    ['the order of its words', (command) => command.options.reverse()],
    ['one word less', (command) => command.options.pop()],
    ['a word of an option', (command) => (command.options[1]!.options[0] = { ...option(command), name: 'text' })],
    ['a type', (command) => (command.options[1]!.options[0] = { ...option(command), type: 4 })],
    ['whether it is required', (command) => Object.assign(option(command), { required: true })],
    ['a bound', (command) => Object.assign(option(command), { max_length: 3 })],
    ['a choice', (command) => (option(command).choices[0]!.value = '3')],
    ['the name of a choice', (command) => (option(command).choices[1]!.name = 'three')],
    ['a translation of a choice', (command) => (option(command).choices[0]!.name_localizations = { 'es-ES': 'un' })],
  ])('sees that %s differs', (_, change) => {
    const told = structuredClone(theirs);
    change(told);
    expect(sameCommands([told], [ours])).toBe(false);
  });

  it('sees that a command is missing, or one too many', () => {
    expect(sameCommands([], [ours])).toBe(false);
    expect(sameCommands([theirs, { name: 'other' }], [ours])).toBe(false);
  });

  it('takes what is no command for another one', () => {
    expect(sameCommands([null], [ours])).toBe(false);
    expect(sameCommands(['town'], [ours])).toBe(false);
  });
});

function option(command: typeof theirs) {
  return command.options[1]!.options[0]!;
}
