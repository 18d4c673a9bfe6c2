import { missingAccess, unknownGuild, unknownMember } from './api-error.js';
import { type FakeGuild } from './fake-guild.js';
import { guildPayload, isThread, memberPayload } from './payloads.js';
import { type RestCall, type Route } from './rest-router.js';
import { afterOf, byId, limitOf } from './rest-paging.js';

function guildOf({ world, params }: RestCall): FakeGuild {
  const guild = world.guilds.get(params.guild!);
  if (!guild) throw unknownGuild();
  if (!guild.available) throw missingAccess();
  return guild;
}

function counts(guild: FakeGuild): object {
  const online = [...guild.members.values()].filter(({ status }) => status !== 'offline').length;
  return { approximate_member_count: guild.members.size, approximate_presence_count: online };
}

export const guildRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/users/@me/guilds',
    handle: ({ world, query }) => {
      const limit = limitOf(query, 200, 200);
      const after = { id: afterOf(query) };
      const guilds = [...world.guilds.values()].sort(byId).filter((guild) => byId(guild, after) > 0);
      const body = guilds.slice(0, limit).map((guild) => ({
        id: guild.id,
        name: guild.name,
        icon: guild.icon,
        banner: null,
        owner: false,
        permissions: guild.botPermissions().toString(),
        features: [],
        ...(query.get('with_counts') === 'true' ? counts(guild) : {}),
      }));
      return { status: 200, body };
    },
  },
  {
    method: 'GET',
    path: '/guilds/:guild',
    handle: (call) => {
      const guild = guildOf(call);
      const extra = call.query.get('with_counts') === 'true' ? counts(guild) : {};
      return { status: 200, body: { ...guildPayload(guild), ...extra } };
    },
  },
  {
    method: 'GET',
    path: '/guilds/:guild/members',
    handle: (call) => {
      const guild = guildOf(call);
      // Single members may be asked for by any bot, the list only with the intent.
      if (!call.world.allowed.members) throw missingAccess();
      const limit = limitOf(call.query, 1, 1000);
      const after = { id: afterOf(call.query) };
      const members = [...guild.members.values()]
        .filter(({ user }) => byId(user, after) > 0)
        .sort((a, b) => byId(a.user, b.user));
      return { status: 200, body: members.slice(0, limit).map(memberPayload) };
    },
  },
  {
    method: 'GET',
    path: '/guilds/:guild/members/:member',
    handle: (call) => {
      const member = guildOf(call).members.get(call.params.member!);
      if (!member) throw unknownMember();
      return { status: 200, body: memberPayload(member) };
    },
  },
  {
    method: 'GET',
    path: '/guilds/:guild/roles',
    handle: (call) => ({ status: 200, body: [...guildOf(call).roles.values()] }),
  },
  {
    method: 'GET',
    path: '/guilds/:guild/channels',
    handle: (call) => {
      const channels = [...guildOf(call).channels.values()];
      return { status: 200, body: channels.filter((channel) => !isThread(channel)) };
    },
  },
];
