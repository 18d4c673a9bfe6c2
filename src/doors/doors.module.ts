import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { DiscordMembers } from '../discord/discord-members.js';
import { type DiscordConfig, discordToken } from '../discord/discord.config.js';
import { DiscordDoorKeeper } from './discord-door.keeper.js';
import { DiscordLogin } from './discord-login.js';
import { DiscordOAuth } from './discord-oauth.js';
import { DiscordDoor, DoorKeeping } from './door-keeping.js';
import { DOORS_CONFIG, type DoorsConfig, loginSettings, shutSentence } from './doors.config.js';
import { GuildPasswords } from './guild-passwords.js';
import { Memberships } from './memberships.js';
import { PasswordDoorKeeper } from './password-door.keeper.js';
import { VisitorSessions } from './visitor-sessions.js';
import { VisitorTokens } from './visitor-tokens.js';

/** Milliseconds for which what Discord says of a visitor serves. */
const keepMs = 60_000;

/** Needs the database. Keeps the password doors, and the Discord doors where an application and a bot are set. */
@Module({})
export class DoorsModule {
  /** `imports`: guilds and Discord. */
  static forRoot(config: DoorsConfig & DiscordConfig, imports: ModuleMetadata['imports']): DynamicModule {
    return {
      module: DoorsModule,
      imports,
      providers: [
        { provide: DOORS_CONFIG, useValue: config },
        { provide: DiscordOAuth, useValue: new DiscordOAuth(config.DISCORD_API_URL) },
        GuildPasswords,
        PasswordDoorKeeper,
        VisitorSessions,
        DiscordLogin,
        {
          provide: DiscordDoor,
          inject: [DiscordOAuth, VisitorSessions, DiscordMembers],
          useFactory: (oauth: DiscordOAuth, sessions: VisitorSessions, members: DiscordMembers) =>
            discordDoor(config, oauth, sessions, members),
        },
        DoorKeeping,
      ],
      exports: [GuildPasswords, DiscordLogin],
    };
  }
}

function discordDoor(
  config: DoorsConfig & DiscordConfig,
  oauth: DiscordOAuth,
  sessions: VisitorSessions,
  members: DiscordMembers,
): DiscordDoor {
  const login = loginSettings(config);
  const missing = typeof login === 'string' ? login : undefined;
  const { DISCORD_CLIENT_ID: clientId } = config;
  const bot = discordToken(config) !== undefined;
  if (!bot || clientId === undefined) return new DiscordDoor(shutSentence(config, bot), missing);
  const lookEveryMs = config.LOGIN_RECHECK_SECONDS * 1000;
  // A look that is answered by the one before is none.
  const keep = Math.min(keepMs, lookEveryMs / 2);
  const tokens = new VisitorTokens(oauth, clientId, keep);
  const keeper = new DiscordDoorKeeper(tokens, sessions, new Memberships(members, keep), lookEveryMs);
  return new DiscordDoor(keeper, missing);
}
