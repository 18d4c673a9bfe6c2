import { NecordModule } from 'necord';

/**
 * necord without its hold on the session: it waits for the login while the app starts, so that an outage of Discord
 * would keep the app from starting. Its metadata is inherited; `DiscordSession` logs in and out.
 */
export class PatientNecordModule extends NecordModule {
  override onApplicationBootstrap(): Promise<string> {
    return Promise.resolve('');
  }

  override onApplicationShutdown(): Promise<void> {
    return Promise.resolve();
  }
}
