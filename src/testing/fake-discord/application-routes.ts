import { ApiError, invalidForm, unknownUser } from './api-error.js';
import { flagsOf } from './intents.js';
import { type RestCall, type Route } from './rest-router.js';
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

function ownCommands({ world, params }: RestCall): string {
  if (params.application !== world.bot.id)
    throw new ApiError(403, 20012, 'You are not authorized to perform this action on this application');
  if (params.guild !== undefined && !world.guilds.has(params.guild)) throw new ApiError(403, 50001, 'Missing Access');
  return params.guild ?? 'global';
}

function readCommands(call: RestCall): { status: number; body: unknown } {
  return { status: 200, body: call.world.commands.get(ownCommands(call)) ?? [] };
}

function writeCommands(call: RestCall): { status: number; body: unknown } {
  const { world, body } = call;
  const scope = ownCommands(call);
  if (!Array.isArray(body))
    throw invalidForm([
      { path: 'commands', code: 'LIST_TYPE_CONVERT', message: 'Only iterables may be used in a ListType' },
    ]);
  const commands = (body as unknown[]).map((command, n) => {
    const fields = typeof command === 'object' && command !== null ? (command as Record<string, unknown>) : {};
    if (typeof fields.name !== 'string' || !/^.{1,32}$/u.test(fields.name))
      throw invalidForm([
        { path: `${n}.name`, code: 'BASE_TYPE_BAD_LENGTH', message: 'Must be between 1 and 32 in length.' },
      ]);
    const id = world.snowflakes.next();
    const place = { application_id: world.bot.id, ...(scope === 'global' ? {} : { guild_id: scope }) };
    return { type: 1, description: '', ...fields, ...place, id, version: id, default_member_permissions: null };
  });
  world.commands.set(scope, commands);
  return { status: 200, body: commands };
}

/** Users, direct messages, and what the application registers. */
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
  { method: 'GET', path: '/applications/:application/commands', handle: readCommands },
  { method: 'PUT', path: '/applications/:application/commands', handle: writeCommands },
  { method: 'GET', path: '/applications/:application/guilds/:guild/commands', handle: readCommands },
  { method: 'PUT', path: '/applications/:application/guilds/:guild/commands', handle: writeCommands },
];
