export { FakeDiscord, type FakeDiscordOptions } from './fake-discord.js';
export { type FakeGuild } from './fake-guild.js';
export { type GuildTalk } from './guild-talk.js';
export { type GuildVoice } from './guild-voice.js';
export { type GatewaySession } from './gateway-session.js';
export {
  type ActivityOptions,
  type ChannelOptions,
  type GuildOptions,
  type MemberOptions,
  type OverwriteOptions,
  type RoleOptions,
  type SayOptions,
  type UserOptions,
} from './guild-options.js';
export { intents } from './intents.js';
export { type Logins, type TokenOptions } from './logins.js';
export { type FakeInteraction, type InteractionAnswer } from './fake-interaction.js';
export { type InteractOptions } from './interactions.js';
export { permissions } from './permissions.js';
export { type RefusalOptions, type RequestPattern } from './refusals.js';
export { type RequestRecord } from './rest-server.js';
export { type SentMessage } from './world.js';
