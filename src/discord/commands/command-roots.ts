import { PermissionFlagsBits } from 'discord.js';
import { type Words } from './command-words.js';

export type RootName = 'guildcast' | 'presence';

interface CommandRoot {
  name: Words;
  description: Words;
  /**
   * Who sees the command unless a server's settings say otherwise: members with this permission; null: everybody.
   * Discord knows this for whole commands alone, not for parts of one.
   */
  defaultPermission: bigint | null;
}

/** The first words of all commands. */
export const commandRoots: Record<RootName, CommandRoot> = {
  guildcast: {
    name: { en: 'guildcast', es: 'guildcast' },
    description: { en: 'This server on the web', es: 'Este servidor en la web' },
    defaultPermission: PermissionFlagsBits.ManageGuild,
  },
  presence: {
    name: { en: 'presence', es: 'presencia' },
    description: { en: 'Whether you are shown on the web', es: 'Si se te muestra en la web' },
    defaultPermission: null,
  },
};
