import { z } from 'zod';
import { isSnowflake } from '../domain/snowflake.js';

const publicUrl = z
  .string()
  .trim()
  .superRefine((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
      context.addIssue({ code: 'custom', message: 'must be an http(s) address like https://guilds.example.org' });
    } else if (url.username || url.password || url.search || url.hash) {
      context.addIssue({ code: 'custom', message: 'must not hold a user, a password, a query or a fragment' });
    }
  })
  .transform((text) => text.replace(/\/+$/, ''));

export const doorsConfig = z.object({
  /** The Discord application at which visitors log in. */
  DISCORD_CLIENT_ID: z
    .string()
    .trim()
    .refine((text): boolean => isSnowflake(text), 'must be the id of a Discord application: digits alone')
    .optional(),
  /** Its secret, for logins by pages of this service. */
  DISCORD_CLIENT_SECRET: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]+$/, 'must be one word of plain characters')
    .optional(),
  /** Where browsers reach this service, without a slash at the end: Discord sends them back there. */
  PUBLIC_URL: publicUrl.optional(),
  /** Hours for which a login at this service lasts. */
  SESSION_HOURS: z.coerce.number().positive().max(8_760).default(168),
  /** Seconds between two looks whether a visitor who logged in is still a member of the guild. */
  LOGIN_RECHECK_SECONDS: z.coerce.number().min(1).max(86_400).default(600),
});
export type DoorsConfig = z.infer<typeof doorsConfig>;

export const DOORS_CONFIG = Symbol('DOORS_CONFIG');

interface LoginSettings {
  clientId: string;
  clientSecret: string;
  publicUrl: string;
}

/** What logins by pages of this service need, or a sentence that says what is missing. */
export function loginSettings(config: DoorsConfig): LoginSettings | string {
  const { DISCORD_CLIENT_ID: clientId, DISCORD_CLIENT_SECRET: clientSecret, PUBLIC_URL: publicUrl } = config;
  if (clientId !== undefined && clientSecret !== undefined && publicUrl !== undefined) {
    return { clientId, clientSecret, publicUrl };
  }
  return `Logging in with Discord is not set up here: ${missing({
    DISCORD_CLIENT_ID: clientId,
    DISCORD_CLIENT_SECRET: clientSecret,
    PUBLIC_URL: publicUrl,
  })}.`;
}

/** Why nobody can come through the Discord door. `bot`: whether there is a bot to ask. */
export function shutSentence({ DISCORD_CLIENT_ID }: DoorsConfig, bot: boolean): string {
  const unset = missing({ DISCORD_TOKEN: bot ? 'set' : undefined, DISCORD_CLIENT_ID });
  return `Guilds behind a Discord login stay shut: ${unset} (see docs/doors.md).`;
}

function missing(settings: Record<string, string | undefined>): string {
  const names = Object.keys(settings).filter((name) => settings[name] === undefined);
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not set`;
}
