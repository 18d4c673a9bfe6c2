import { type APIApplicationCommandBasicOption } from 'discord.js';
import { type RootName } from './command-roots.js';
import { type Language, type Words } from './command-words.js';

/** Somebody's use of a command, in a guild. */
export interface CommandCall {
  readonly guildId: string;
  readonly userId: string;
  readonly language: Language;
  /** What was given for an option, by its English name. */
  value(option: string): string | number | boolean | undefined;
}

/** Where a command is found: `/root name` or `/root group name`. */
export interface CommandPath {
  readonly root: RootName;
  readonly group?: Words;
  readonly name: Words;
}

/** One command of the bot. Only who gave it sees the answer. */
export abstract class BotCommand {
  abstract readonly path: CommandPath;
  abstract readonly description: Words;
  readonly options: readonly APIApplicationCommandBasicOption[] = [];
  /** Refused to those without the permission to manage the guild, whatever Discord lets through. */
  readonly forManagers: boolean = false;

  /**
   * The whole answer, in the language of the call: at most 2000 characters. May take seconds.
   * @throws Fault that is told in words of `faultSentences`
   */
  abstract answer(call: CommandCall): Promise<string>;
}

/** As people write it, without the slash. */
export function pathText({ root, group, name }: CommandPath): string {
  return [root, group?.en, name.en].filter((word) => word !== undefined).join(' ');
}
