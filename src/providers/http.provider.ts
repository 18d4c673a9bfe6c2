import { lookup } from 'node:dns';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { StartupError } from '../database/startup-error.js';
import { isSnowflake } from '../domain/snowflake.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { publicAddresses } from '../outgoing/address-rule.js';
import { guardedConnector } from '../outgoing/guarded-connector.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { AnswerShape } from './http/answer-shape.js';
import { sideParts } from './http/field-map.js';
import { type HttpSettings } from './http/http-settings.js';
import { JsonClient } from './http/json-client.js';
import { SOURCE_SETTINGS } from './source-settings.js';
import { isEnabled, toldGuild, toldSnapshot } from './told-guild.js';

/** Guilds from any JSON interface over HTTP, such as that of another Guildcast. */
@Injectable()
export class HttpProvider extends DataProvider implements OnApplicationShutdown {
  readonly name = 'http';
  private readonly logger = new Logger(HttpProvider.name);
  private readonly client: JsonClient;
  private readonly shape: AnswerShape;
  private readonly listUrl: string;
  private readonly guildUrl: string;
  private unusable = 0;

  constructor(@Inject(SOURCE_SETTINGS) settings: HttpSettings) {
    super();
    this.listUrl = required(settings, 'HTTP_SOURCE_GUILDS_URL');
    this.guildUrl = required(settings, 'HTTP_SOURCE_GUILD_URL');
    this.shape = new AnswerShape(settings.HTTP_SOURCE_FIELDS);
    const timeoutMs = settings.HTTP_SOURCE_TIMEOUT_MS;
    const rule = settings.HTTP_SOURCE_ALLOW_PRIVATE
      ? undefined
      : publicAddresses('HTTP_SOURCE_ALLOW_PRIVATE=true allows it');
    this.client = new JsonClient({
      headers: settings.HTTP_SOURCE_HEADERS,
      timeoutMs,
      maxBytes: settings.HTTP_SOURCE_MAX_BYTES,
      connect: guardedConnector({ rule, resolve: lookup, timeoutMs }),
    });
  }

  async listGuilds(signal?: AbortSignal): Promise<SourceGuild[]> {
    const answer = await this.client.get(this.listUrl, signal);
    if (answer === undefined) throw new Error('there is nothing at HTTP_SOURCE_GUILDS_URL (404 or 410)');
    const { guilds, unusable } = this.shape.guilds(answer);
    if (unusable > this.unusable)
      this.logger.warn(
        `${unusable} of the listed guilds have no usable id: ids are text, numbers lose their last digits`,
      );
    this.unusable = unusable;
    return guilds;
  }

  async loadGuild(guildId: string, signal?: AbortSignal): Promise<RawSnapshot | undefined> {
    if (!isSnowflake(guildId)) return undefined;
    const answer = await this.client.get(this.guildUrl.replaceAll('{guildId}', encodeURIComponent(guildId)), signal);
    if (answer === undefined) return undefined;
    const told = this.shape.guild(answer);
    if (told && !isEnabled(told)) return undefined;
    // An answer of members alone leaves the guild's name to the list.
    const guild = told ? toldGuild(told, guildId) : (await this.listGuilds(signal)).find(({ id }) => id === guildId);
    if (told && !guild) throw new Error(`the answer about guild ${guildId} is about one without a usable id`);
    if (!guild) return undefined;
    const [partial, stale, asOf] = sideParts.map((name) => this.shape.aside(name, answer));
    // Whatever these are is looked through together with the members.
    const age = { stale, asOf } as Pick<RawSnapshot, 'stale' | 'asOf'>;
    return { ...toldSnapshot(guild, this.shape.members(answer), partial), ...age };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}

function required(settings: HttpSettings, key: 'HTTP_SOURCE_GUILDS_URL' | 'HTTP_SOURCE_GUILD_URL'): string {
  const value = settings[key];
  if (value === undefined)
    throw new StartupError(`DATA_PROVIDERS: http needs an address in ${key} (see .env.example).`);
  return value;
}
