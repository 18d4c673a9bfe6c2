import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { Client } from 'discord.js';
import { OwnMessageListener } from './listeners/own-message.listener.js';
import { SentMessages } from './sent-messages.js';

interface EchoOptions {
  /** Modules that provide what `DiscordModule` exports when it holds a session, and `SentMessages`. */
  imports: NonNullable<ModuleMetadata['imports']>;
}

const listener: Provider = {
  provide: OwnMessageListener,
  useFactory: (client: Client, sent: SentMessages) => new OwnMessageListener(client, sent),
  inject: [Client, SentMessages],
};

/** Tells of our own messages as Discord tells of them. Only beside a session on Discord's gateway. */
@Module({})
export class EchoModule {
  static forRoot({ imports }: EchoOptions): DynamicModule {
    return { module: EchoModule, imports, providers: [listener] };
  }
}
