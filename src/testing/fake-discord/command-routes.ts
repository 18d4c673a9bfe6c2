import { ApiError } from './api-error.js';
import { type CommandOption, registered, type RegisteredCommand } from './command-form.js';
import { type RestAnswer, type RestCall, type Route } from './rest-router.js';

/** Where the commands are registered: a guild's id, or `global`. */
function scopeOf({ world, params }: RestCall): string {
  if (params.application !== world.bot.id)
    throw new ApiError(403, 20012, 'You are not authorized to perform this action on this application');
  if (params.guild !== undefined && !world.guilds.has(params.guild)) throw new ApiError(403, 50001, 'Missing Access');
  return params.guild ?? 'global';
}

function read(call: RestCall): RestAnswer {
  const commands = call.world.commands.get(scopeOf(call)) ?? [];
  const whole = call.query.get('with_localizations') === 'true';
  return { status: 200, body: whole ? commands : commands.map(inOneLanguage) };
}

/** Without being asked for them, Discord does not tell the other languages. */
function inOneLanguage<T extends CommandOption>(command: T): T {
  const { options, ...rest } = command;
  delete rest.name_localizations;
  delete rest.description_localizations;
  return { ...rest, ...(options && { options: options.map(inOneLanguage) }) } as T;
}

function write(call: RestCall, change: (former: RegisteredCommand[]) => unknown): RestAnswer {
  const { world, params } = call;
  const scope = scopeOf(call);
  const former = world.commands.get(scope) ?? [];
  const home = { applicationId: world.bot.id, guildId: params.guild, snowflakes: world.snowflakes };
  const commands = registered(change(former), former, home);
  world.commands.set(scope, commands);
  return { status: 200, body: commands };
}

function remove(call: RestCall): RestAnswer {
  const scope = scopeOf(call);
  const former = call.world.commands.get(scope) ?? [];
  if (!former.some(({ id }) => id === call.params.command))
    throw new ApiError(404, 10063, 'Unknown application command');
  call.world.commands.set(
    scope,
    former.filter(({ id }) => id !== call.params.command),
  );
  return { status: 204 };
}

/** What the application registers, everywhere and in single guilds. */
export const commandRoutes: readonly Route[] = ['', '/guilds/:guild'].flatMap((place): Route[] => {
  const path = `/applications/:application${place}/commands`;
  return [
    { method: 'GET', path, handle: read },
    { method: 'PUT', path, handle: (call) => write(call, () => call.body) },
    { method: 'DELETE', path: `${path}/:command`, handle: remove },
  ];
});
