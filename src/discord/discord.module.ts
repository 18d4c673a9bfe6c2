import { type DynamicModule, Module } from '@nestjs/common';
import { Client } from 'discord.js';
import { type NecordModuleOptions } from 'necord';
import { clientOptions } from './client-options.js';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { DiscordClient } from './discord-client.js';
import { DiscordGuilds } from './discord-guilds.js';
import { guildsOff, senderOff, statusOff } from './discord-off.js';
import { DiscordMetrics } from './discord.metrics.js';
import { DiscordSender } from './discord-sender.js';
import { DiscordSession } from './discord-session.js';
import { DiscordStatus } from './discord-status.js';
import { type DiscordConfig, discordToken } from './discord.config.js';
import { GuildAdmission } from './guild-admission.js';
import { GuildFeed } from './guild-feed.js';
import { GuildMirror } from './guild-mirror.js';
import { GuildListener } from './listeners/guild.listener.js';
import { MemberListener } from './listeners/member.listener.js';
import { MessageListener } from './listeners/message.listener.js';
import { PresenceListener } from './listeners/presence.listener.js';
import { RoleListener } from './listeners/role.listener.js';
import { MemberLoader } from './member-loader.js';
import { MirroredGuilds } from './mirrored-guilds.js';
import { PatientNecordModule } from './patient-necord.module.js';
import { RestDiscordSender } from './rest-discord-sender.js';
import { SessionReconciler } from './session-reconciler.js';

const listeners = [PresenceListener, MemberListener, RoleListener, GuildListener, MessageListener];

/** Needs the event log. Without a token there is no Discord client, and nothing of Discord is shown or sent. */
@Module({})
export class DiscordModule {
  static forRoot(config: DiscordConfig): DynamicModule {
    const token = discordToken(config);
    return {
      module: DiscordModule,
      exports: [DiscordGuilds, DiscordSender, DiscordStatus],
      ...(token === undefined ? withoutDiscord() : withDiscord(token, config)),
    };
  }
}

function withoutDiscord(): Partial<DynamicModule> {
  return {
    providers: [
      { provide: DiscordGuilds, useValue: guildsOff },
      { provide: DiscordSender, useValue: senderOff },
      { provide: DiscordStatus, useValue: statusOff },
      DiscordMetrics,
    ],
    imports: [MetricsModule],
  };
}

function withDiscord(token: string, config: DiscordConfig): Partial<DynamicModule> {
  const options = clientOptions(config.DISCORD_API_URL);
  // The token stays out of necord's options, which anyone could inject. The cast: necord reads discord.js' types for
  // CommonJS, which TypeScript takes for other types than those for modules.
  const necordOptions = { ...options, token: '', skipRegistration: true } as unknown as NecordModuleOptions;
  const necord = PatientNecordModule.forRoot(necordOptions);
  const client = new DiscordClient(options);
  return {
    imports: [
      MetricsModule,
      { ...necord, providers: [...(necord.providers ?? []), { provide: Client, useValue: client }] },
    ],
    providers: [
      { provide: GuildAdmission, useValue: new GuildAdmission(config.GUILDS) },
      GuildFeed,
      GuildMirror,
      MemberLoader,
      SessionReconciler,
      {
        provide: DiscordSession,
        useFactory: (admission: GuildAdmission) => new DiscordSession(client, admission, token),
        inject: [GuildAdmission],
      },
      { provide: DiscordStatus, useExisting: DiscordSession },
      DiscordMetrics,
      {
        provide: DiscordSender,
        useFactory: (session: DiscordSession) => new RestDiscordSender(client, session),
        inject: [DiscordSession],
      },
      { provide: DiscordGuilds, useClass: MirroredGuilds },
      ...listeners,
    ],
  };
}
