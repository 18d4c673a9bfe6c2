import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  type ChatInputCommandInteraction,
  InteractionContextType,
} from 'discord.js';
import { SlashCommandDiscovery, type SlashCommandMeta } from 'necord';
import { type BotCommand } from './bot-command.js';
import { commandRoots, type RootName } from './command-roots.js';
import { labelled } from './command-words.js';

type Serve = (command: BotCommand, interaction: ChatInputCommandInteraction) => Promise<void>;

/** The last word of a command. necord reads options out of a decorated class; ours come from tables. */
class CommandLeaf extends SlashCommandDiscovery {
  constructor(
    meta: object,
    private readonly tableOptions: readonly APIApplicationCommandBasicOption[],
  ) {
    super(metaOf(meta));
  }

  override getOptions(): readonly APIApplicationCommandBasicOption[] {
    return this.tableOptions;
  }
}

/** The first word. necord throws where Discord sends no word of ours behind it, and would end the process. */
class CommandRootWord extends SlashCommandDiscovery {
  override execute(interaction: Parameters<SlashCommandDiscovery['execute']>[0]): unknown {
    return leadsOn(this, interaction) ? super.execute(interaction) : undefined;
  }
}

/** The part of an interaction that discord.js' types for CommonJS and those for modules have in common. */
interface WordedInteraction {
  isChatInputCommand(): boolean;
  readonly options: {
    getSubcommandGroup(required: boolean): string | null;
    getSubcommand(required: boolean): string | null;
  };
}

/** Whether the words of an interaction end at a command. */
export function leadsOn(root: SlashCommandDiscovery | undefined, interaction: WordedInteraction): boolean {
  if (!interaction.isChatInputCommand()) return false;
  const group = interaction.options.getSubcommandGroup(false);
  const name = interaction.options.getSubcommand(false);
  const parent = group === null ? root : root?.getSubcommand(group);
  return name !== null && parent?.getSubcommand(name) instanceof CommandLeaf;
}

/**
 * The commands as necord finds them by their words, and as Discord registers them (`toJSON`). Made for each
 * application: necord's decorators keep what they are bound to in the decorated method itself, so that a second
 * application in the process would call the commands of the first.
 */
export function commandTree(commands: readonly BotCommand[], serve: Serve): SlashCommandDiscovery[] {
  const roots = new Map<RootName, SlashCommandDiscovery>();
  for (const command of commands) {
    const { root, group, name } = command.path;
    let parent = roots.get(root);
    if (parent === undefined) roots.set(root, (parent = rootOf(root)));
    if (group !== undefined) {
      const type = ApplicationCommandOptionType.SubcommandGroup;
      parent = parent.ensureSubcommand(new SlashCommandDiscovery(metaOf({ type, ...labelled(group, group) })));
    }
    const type = ApplicationCommandOptionType.Subcommand;
    const leaf = new CommandLeaf({ type, ...labelled(name, command.description) }, command.options);
    leaf.setContextCallback(([interaction]: [ChatInputCommandInteraction]) => serve(command, interaction));
    parent.ensureSubcommand(leaf);
  }
  return [...roots.values()];
}

function rootOf(root: RootName): SlashCommandDiscovery {
  const { name, description, defaultPermission } = commandRoots[root];
  return new CommandRootWord(
    metaOf({
      type: ApplicationCommandType.ChatInput,
      ...labelled(name, description),
      default_member_permissions: defaultPermission?.toString() ?? null,
      contexts: [InteractionContextType.Guild],
      integration_types: [ApplicationIntegrationType.GuildInstall],
    }),
  );
}

/** In Discord's own spelling, which necord hands through. */
function metaOf(meta: object): SlashCommandMeta {
  return meta as unknown as SlashCommandMeta;
}
