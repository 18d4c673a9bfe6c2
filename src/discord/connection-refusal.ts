import { DiscordAPIError, DiscordjsError, DiscordjsErrorCodes, GatewayCloseCodes } from 'discord.js';

/** A no of Discord's that repeating does not change. */
export type Refusal = 'token' | 'intents' | 'sharding' | 'protocol';

/** In the operator's words: what happened and what to do. */
export const refusalSentences: Record<Refusal, string> = {
  token: 'Discord refused the token in DISCORD_TOKEN. Make a new one in the developer portal under Bot → Reset Token.',
  intents:
    'Discord does not allow this bot the intents it needs. Switch on Server Members Intent, Presence Intent and ' +
    'Message Content Intent in the developer portal under Bot → Privileged Gateway Intents, then start again.',
  sharding:
    'Discord wants this bot to be sharded otherwise: it is in more guilds than its connections may carry. Start again ' +
    'if DISCORD_SHARD_COUNT is unset; else raise it, in all processes at once.',
  protocol: 'Discord refused the connection as malformed. Look for a newer version of this program.',
};

export function refusalOfClose(code: number): Refusal | undefined {
  switch (code as GatewayCloseCodes) {
    case GatewayCloseCodes.AuthenticationFailed:
      return 'token';
    case GatewayCloseCodes.DisallowedIntents:
      return 'intents';
    case GatewayCloseCodes.ShardingRequired:
    case GatewayCloseCodes.InvalidShard:
      return 'sharding';
    case GatewayCloseCodes.InvalidAPIVersion:
    case GatewayCloseCodes.InvalidIntents:
      return 'protocol';
    default:
      return undefined;
  }
}

export function refusalOfError(error: unknown): Refusal | undefined {
  if (error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid) return 'token';
  if (error instanceof DiscordAPIError && error.status === 401) return 'token';
  return undefined;
}
