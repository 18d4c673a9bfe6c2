import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type ChatInputCommandInteraction, PermissionFlagsBits, type RepliableInteraction } from 'discord.js';
import { Fault } from '../../domain/fault.js';
import { faultText } from '../fault-text.js';
import { type BotCommand, type CommandCall, pathText } from './bot-command.js';
import { CommandPace } from './command-pace.js';
import { faultSentences, sentences, tooFast } from './command-sentences.js';
import { languageOf, type Words } from './command-words.js';
import { answerInTime } from './timely-answer.js';

/** Where commands are given: every one is answered, also one that may not be, fails or is not known. Never throws. */
export class CommandDesk {
  private readonly logger = new Logger(CommandDesk.name);
  private readonly pace = new CommandPace();

  /** `longestWork`: milliseconds for a command to come to something. */
  constructor(private readonly longestWork = 20_000) {}

  async serve(command: BotCommand, interaction: ChatInputCommandInteraction): Promise<void> {
    await this.answer(interaction, () => this.work(command, interaction));
  }

  async refuseUnknown(interaction: RepliableInteraction): Promise<void> {
    await this.answer(interaction, () => Promise.resolve(sentences.unknown));
  }

  private async answer(interaction: RepliableInteraction, work: () => Promise<string | Words>): Promise<void> {
    const language = languageOf(interaction.locale);
    const seconds = this.pace.take(interaction.user.id);
    const words = seconds > 0 ? Promise.resolve(tooFast(seconds)) : work();
    const text = words.then((answer) => (typeof answer === 'string' ? answer : answer[language]));
    try {
      await answerInTime(interaction, text);
    } catch (error) {
      this.logger.warn(`An answer to a command did not reach Discord: ${faultText(error)}`);
    }
  }

  private async work(command: BotCommand, interaction: ChatInputCommandInteraction): Promise<string | Words> {
    const { guildId } = interaction;
    if (guildId === null) return sentences.guildsOnly;
    // Discord's own gate can be opened by a server's settings, and is not ours to trust.
    if (command.forManagers && !interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild)) {
      return sentences.managersOnly;
    }
    const ended = new AbortController();
    const late = wait(this.longestWork, sentences.tooLate, { signal: ended.signal, ref: false });
    try {
      return await Promise.race([command.answer(callOf(interaction, guildId)), late]);
    } catch (error) {
      return this.failed(command, error);
    } finally {
      late.catch(() => undefined);
      ended.abort();
    }
  }

  private failed(command: BotCommand, error: unknown): Words {
    const known = error instanceof Fault ? faultSentences[error.code] : undefined;
    if (known === undefined) this.logger.error(`/${pathText(command.path)} failed: ${faultText(error)}`);
    return known ?? sentences.failed;
  }
}

function callOf(interaction: ChatInputCommandInteraction, guildId: string): CommandCall {
  return {
    guildId,
    userId: interaction.user.id,
    language: languageOf(interaction.locale),
    value: (option) => interaction.options.get(option)?.value,
  };
}
