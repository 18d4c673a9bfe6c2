import { type Client, type ClientEvents } from 'discord.js';
import { On, type SlashCommandDiscovery } from 'necord';
import { BoundListener } from '../listeners/bound.listener.js';
import { type CommandDesk } from './command-desk.js';
import { leadsOn } from './command-tree.js';

/** Answers what necord has nobody for, and would leave unanswered: Discord keeps commands for a while that are gone. */
export class InteractionListener extends BoundListener {
  constructor(
    client: Client,
    private readonly desk: CommandDesk,
    private readonly roots: readonly SlashCommandDiscovery[],
  ) {
    super(client);
  }

  @On('interactionCreate')
  onInteraction([interaction]: ClientEvents['interactionCreate']): void {
    if (!interaction.isRepliable()) return;
    if (interaction.isChatInputCommand()) {
      const root = this.roots.find((one) => one.getName() === interaction.commandName);
      if (leadsOn(root, interaction)) return;
    }
    void this.desk.refuseUnknown(interaction);
  }
}
