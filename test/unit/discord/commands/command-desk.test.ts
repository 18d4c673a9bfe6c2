import { type ChatInputCommandInteraction } from 'discord.js';
import { expect, it } from 'vitest';
import { BotCommand } from '../../../../src/discord/commands/bot-command.js';
import { CommandDesk } from '../../../../src/discord/commands/command-desk.js';

class EndlessCommand extends BotCommand {
  readonly path = { root: 'guildcast', name: { en: 'endless', es: 'eterno' } } as const;
  readonly description = { en: 'never ends', es: 'no acaba' };

  answer(): Promise<string> {
    return new Promise(() => undefined);
  }
}

it('gives up a command that never comes to anything', async () => {
  const replies: unknown[] = [];
  const interaction = {
    guildId: '100000000000000001',
    locale: 'es-ES',
    user: { id: '100000000000000002' },
    reply: (message: { content: string }) => Promise.resolve(replies.push(message.content)),
  };
  await new CommandDesk(20).serve(new EndlessCommand(), interaction as unknown as ChatInputCommandInteraction);
  expect(replies).toEqual(['Esto tarda demasiado ahora. Mira más tarde si se ha hecho.']);
});
