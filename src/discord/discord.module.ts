import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { Client, REST } from 'discord.js';
import { type NecordModuleOptions } from 'necord';
import { BotStanding } from './bot-standing.js';
import { ChannelMirror } from './channel-mirror.js';
import { clientOptions, restOptions } from './client-options.js';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { DiscordClient } from './discord-client.js';
import { DiscordGuilds } from './discord-guilds.js';
import { DiscordMembers } from './discord-members.js';
import { guildsOff, lookupOff, membersOff, senderOff, statusOff } from './discord-off.js';
import { DiscordMetrics } from './discord.metrics.js';
import { DiscordSender } from './discord-sender.js';
import { DiscordSession } from './discord-session.js';
import { DiscordStatus } from './discord-status.js';
import { type DiscordConfig, discordToken } from './discord.config.js';
import { GatewayMembers } from './gateway-members.js';
import { GuildAdmission } from './guild-admission.js';
import { GuildFeed } from './guild-feed.js';
import { GuildMirror } from './guild-mirror.js';
import { InvalidRequestBudget } from './invalid-request-budget.js';
import { ChannelListener } from './listeners/channel.listener.js';
import { GuildListener } from './listeners/guild.listener.js';
import { MemberListener } from './listeners/member.listener.js';
import { MessageListener } from './listeners/message.listener.js';
import { PresenceListener } from './listeners/presence.listener.js';
import { RoleListener } from './listeners/role.listener.js';
import { ShardListener } from './listeners/shard.listener.js';
import { TypingListener } from './listeners/typing.listener.js';
import { VoiceListener } from './listeners/voice.listener.js';
import { MemberLoader } from './member-loader.js';
import { MessageLookup } from './message-lookup.js';
import { MirroredGuilds } from './mirrored-guilds.js';
import { PatientNecordModule } from './patient-necord.module.js';
import { RestDiscordSender } from './rest-discord-sender.js';
import { RestWebhookSender } from './rest-webhook-sender.js';
import { RestGuilds } from './rest-guilds.js';
import { RestMembers } from './rest-members.js';
import { RestMessageLookup } from './rest-message-lookup.js';
import { RestProbe } from './rest-probe.js';
import { RestStatus } from './rest-status.js';
import { SessionMembers } from './session-members.js';
import { SessionReconciler } from './session-reconciler.js';
import { ShownMessages } from './shown-messages.js';
import { StrangerLoader } from './stranger-loader.js';
import { TypingPace } from './typing-pace.js';
import { webhookRest } from './webhook-rest.js';
import { WebhookSender } from './webhook-sender.js';

const listeners = [
  PresenceListener,
  MemberListener,
  RoleListener,
  GuildListener,
  ChannelListener,
  VoiceListener,
  MessageListener,
  TypingListener,
  ShardListener,
];

/** In which ways guilds are read from Discord. Messages are sent in any case. */
export interface DiscordWays {
  /** By a session on Discord's gateway: live. */
  gateway?: boolean;
  /** By questions over REST. */
  rest?: boolean;
  /** Whether the session is told of direct messages, for `EchoModule`. Nobody else hears of them. */
  directs?: boolean;
}

/**
 * Needs the event log. Without a token there is no Discord client, nothing of Discord is shown, and nothing sent but by
 * webhook. With one, `RestGuilds` is there too.
 */
@Module({})
export class DiscordModule {
  static forRoot(
    config: DiscordConfig,
    { gateway = true, rest = false, directs = false }: DiscordWays = {},
  ): DynamicModule {
    const token = discordToken(config);
    const budget = new InvalidRequestBudget(config.DISCORD_MAX_REFUSALS);
    const parts =
      token === undefined
        ? withoutBot()
        : gateway
          ? withSession(token, config, budget, { directs })
          : withoutSession(token, config, budget, { asked: rest });
    return {
      ...parts,
      module: DiscordModule,
      imports: [MetricsModule, ...(parts.imports ?? [])],
      providers: [...alike(config, budget), ...(parts.providers ?? [])],
    };
  }
}

const always = [
  DiscordGuilds,
  DiscordMembers,
  DiscordSender,
  MessageLookup,
  DiscordStatus,
  WebhookSender,
  InvalidRequestBudget,
];

/** With a bot and without one. */
function alike(config: DiscordConfig, budget: InvalidRequestBudget): Provider[] {
  return [
    { provide: InvalidRequestBudget, useValue: budget },
    {
      provide: WebhookSender,
      useFactory: () => {
        const rest = webhookRest(config.DISCORD_API_URL, budget);
        budget.follow(rest);
        return new RestWebhookSender(rest, budget);
      },
    },
    DiscordMetrics,
  ];
}

function withoutBot(): Partial<DynamicModule> {
  return {
    providers: [
      { provide: DiscordGuilds, useValue: guildsOff },
      { provide: DiscordMembers, useValue: membersOff },
      { provide: DiscordSender, useValue: senderOff },
      { provide: MessageLookup, useValue: lookupOff },
      { provide: DiscordStatus, useValue: statusOff },
    ],
    exports: always,
  };
}

/** What works over REST alone; wants a `BotStanding`. */
function overRest(rest: REST, budget: InvalidRequestBudget, config: DiscordConfig): Provider[] {
  budget.follow(rest);
  return [
    { provide: GuildAdmission, useValue: new GuildAdmission(config.GUILDS) },
    { provide: DiscordStatus, useExisting: BotStanding },
    {
      provide: DiscordSender,
      useFactory: (standing: BotStanding) => new RestDiscordSender(rest, standing, budget),
      inject: [BotStanding],
    },
    {
      provide: MessageLookup,
      useFactory: (standing: BotStanding) => new RestMessageLookup(rest, standing, budget),
      inject: [BotStanding],
    },
    {
      provide: RestGuilds,
      useFactory: (standing: BotStanding, admission: GuildAdmission) =>
        new RestGuilds(rest, standing, admission, budget),
      inject: [BotStanding, GuildAdmission],
    },
    {
      provide: RestMembers,
      useFactory: (standing: BotStanding, admission: GuildAdmission) =>
        new RestMembers(rest, standing, admission, budget),
      inject: [BotStanding, GuildAdmission],
    },
  ];
}

function withoutSession(
  token: string,
  config: DiscordConfig,
  budget: InvalidRequestBudget,
  { asked }: { asked: boolean },
): Partial<DynamicModule> {
  const rest = new REST(restOptions(config.DISCORD_API_URL, budget));
  return {
    providers: [
      ...overRest(rest, budget, config),
      {
        provide: RestStatus,
        useFactory: (admission: GuildAdmission) => new RestStatus(rest, admission, token, asked),
        inject: [GuildAdmission],
      },
      { provide: BotStanding, useExisting: RestStatus },
      { provide: DiscordMembers, useExisting: RestMembers },
      { provide: DiscordGuilds, useValue: guildsOff },
      ...(asked ? [probe] : []),
    ],
    exports: [...always, RestGuilds],
  };
}

const probe: Provider = {
  provide: RestProbe,
  useFactory: (guilds: RestGuilds, status: RestStatus) => new RestProbe(guilds, status),
  inject: [RestGuilds, RestStatus],
};

function withSession(
  token: string,
  config: DiscordConfig,
  budget: InvalidRequestBudget,
  { directs }: { directs: boolean },
): Partial<DynamicModule> {
  const options = clientOptions(config.DISCORD_API_URL, budget, { ...config, directs });
  // The token stays out of necord's options, which anyone could inject. The cast: necord reads discord.js' types for
  // CommonJS, which TypeScript takes for other types than those for modules.
  const necordOptions = { ...options, token: '', skipRegistration: true } as unknown as NecordModuleOptions;
  const necord = PatientNecordModule.forRoot(necordOptions);
  const client = new DiscordClient(options);
  return {
    imports: [{ ...necord, providers: [...(necord.providers ?? []), { provide: Client, useValue: client }] }],
    providers: [
      ...overRest(client.rest, budget, config),
      GuildFeed,
      ChannelMirror,
      GuildMirror,
      ShownMessages,
      TypingPace,
      GatewayMembers,
      MemberLoader,
      SessionReconciler,
      StrangerLoader,
      {
        provide: DiscordSession,
        useFactory: (admission: GuildAdmission) => new DiscordSession(client, admission, token),
        inject: [GuildAdmission],
      },
      { provide: BotStanding, useExisting: DiscordSession },
      { provide: DiscordGuilds, useClass: MirroredGuilds },
      {
        provide: DiscordMembers,
        useFactory: (mirror: GuildMirror, status: DiscordStatus, rest: RestMembers) =>
          new SessionMembers(mirror, status, rest),
        inject: [GuildMirror, DiscordStatus, RestMembers],
      },
      ...listeners,
    ],
    // The last two are for the commands.
    exports: [...always, RestGuilds, GuildAdmission, BotStanding],
  };
}
