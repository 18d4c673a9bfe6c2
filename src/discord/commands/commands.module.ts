import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { Client } from 'discord.js';
import { type SlashCommandDiscovery, SlashCommandsService } from 'necord';
import { GuildSettingsStore } from '../../guilds/guild-settings.js';
import { MemberHiding } from '../../guilds/member-hiding.js';
import { BotStanding } from '../bot-standing.js';
import { DiscordStatus } from '../discord-status.js';
import { GuildAdmission } from '../guild-admission.js';
import { type BotCommand } from './bot-command.js';
import { CommandDesk } from './command-desk.js';
import { CommandRegistration } from './command-registration.js';
import { commandTree } from './command-tree.js';
import { InteractionListener } from './interaction.listener.js';
import { LinkCommand } from './link.command.js';
import { PresenceHideCommand } from './presence-hide.command.js';
import { PresenceShowCommand } from './presence-show.command.js';
import { SettingsSetCommand } from './settings-set.command.js';
import { SettingsShowCommand } from './settings-show.command.js';
import { ShownGuilds } from './shown-guilds.js';
import { StatusCommand } from './status.command.js';
import { WaitingNotifications } from './waiting-notifications.js';

export interface CommandsOptions {
  /** Where browsers find this program, without a slash at its end. */
  publicUrl: string | undefined;
  /**
   * Modules that provide `GuildSettingsStore`, `MemberHiding`, `ShownGuilds`, what `DiscordModule` exports when it holds
   * a session and, if there are such, `WaitingNotifications`.
   */
  imports: NonNullable<ModuleMetadata['imports']>;
}

const SETTINGS_COMMANDS = Symbol('SETTINGS_COMMANDS');
const COMMANDS = Symbol('COMMANDS');
/** They are necord's from then on. */
const COMMAND_ROOTS = Symbol('COMMAND_ROOTS');

/** The bot's slash commands. Only beside a session on Discord's gateway, over which Discord tells of their use. */
@Module({})
export class CommandsModule {
  static forRoot({ publicUrl, imports }: CommandsOptions): DynamicModule {
    return { module: CommandsModule, imports, providers: [settingsCommands, commands(publicUrl), ...desk] };
  }
}

const settingsCommands: Provider = {
  provide: SETTINGS_COMMANDS,
  useFactory: (store: GuildSettingsStore, admission: GuildAdmission): BotCommand[] => [
    new SettingsShowCommand(store, admission),
    new SettingsSetCommand(store, admission),
  ],
  inject: [GuildSettingsStore, GuildAdmission],
};

function commands(publicUrl: string | undefined): Provider {
  return {
    provide: COMMANDS,
    useFactory: (
      guilds: ShownGuilds,
      status: DiscordStatus,
      settings: BotCommand[],
      hiding: MemberHiding,
      waiting?: WaitingNotifications,
    ): BotCommand[] => [
      new LinkCommand(guilds, publicUrl),
      new StatusCommand(guilds, status, waiting),
      ...settings,
      new PresenceHideCommand(hiding),
      new PresenceShowCommand(hiding),
    ],
    inject: [
      ShownGuilds,
      DiscordStatus,
      SETTINGS_COMMANDS,
      MemberHiding,
      { token: WaitingNotifications, optional: true },
    ],
  };
}

const desk: Provider[] = [
  { provide: CommandDesk, useFactory: () => new CommandDesk() },
  {
    provide: COMMAND_ROOTS,
    useFactory: (given: BotCommand[], served: CommandDesk, necord: SlashCommandsService): SlashCommandDiscovery[] => {
      const roots = commandTree(given, (command, interaction) => served.serve(command, interaction));
      for (const root of roots) necord.add(root);
      return roots;
    },
    inject: [COMMANDS, CommandDesk, SlashCommandsService],
  },
  {
    provide: InteractionListener,
    useFactory: (client: Client, served: CommandDesk, roots: SlashCommandDiscovery[]) =>
      new InteractionListener(client, served, roots),
    inject: [Client, CommandDesk, COMMAND_ROOTS],
  },
  {
    provide: CommandRegistration,
    useFactory: (client: Client, standing: BotStanding, roots: SlashCommandDiscovery[]) =>
      new CommandRegistration(
        client,
        standing,
        roots.map((root) => root.toJSON()),
      ),
    inject: [Client, BotStanding, COMMAND_ROOTS],
  },
];
