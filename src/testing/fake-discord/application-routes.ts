import { ApiError, unknownUser } from './api-error.js';
import { flagsOf } from './intents.js';
import { type Route } from './rest-router.js';
import { type World } from './world.js';

function application(world: World): object {
  const { id, username: name } = world.bot;
  return {
    id,
    name,
    icon: null,
    description: '',
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    owner: world.bot,
    team: null,
    flags: flagsOf(world.allowed),
    bot: world.bot,
    approximate_guild_count: world.guilds.size,
  };
}

/** The bot itself, its application and other users. */
export const applicationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/users/:user',
    handle: ({ world, params }) => {
      const user = world.users.get(params.user!);
      if (!user) throw unknownUser();
      return { status: 200, body: user };
    },
  },
  {
    method: 'POST',
    path: '/users/@me/channels',
    handle: ({ world, body }) => {
      const id = (body as { recipient_id?: unknown } | undefined)?.recipient_id;
      const user = world.users.get(String(id));
      if (!user || user.id === world.bot.id) throw new ApiError(400, 50033, 'Invalid Recipient(s)');
      return { status: 200, body: world.dmWith(user) };
    },
  },
  { method: 'GET', path: '/applications/@me', handle: ({ world }) => ({ status: 200, body: application(world) }) },
  {
    method: 'GET',
    path: '/oauth2/applications/@me',
    handle: ({ world }) => ({ status: 200, body: application(world) }),
  },
];
