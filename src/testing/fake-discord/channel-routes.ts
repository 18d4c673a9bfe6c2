import { compareSnowflakes } from '../../domain/snowflake.js';
import { type WireDmChannel, type WireMessage, type WireUser } from './wire.js';
import { ApiError, missingAccess, missingPermissions, unknownChannel, unknownMessage } from './api-error.js';
import { type FakeGuild } from './fake-guild.js';
import { type AllowedMentions, type MessageForm, editedForm, messageForm } from './message-form.js';
import { type MessagePlace } from './messages.js';
import { channelPayload } from './payloads.js';
import { may, permissions } from './permissions.js';
import { limitOf } from './rest-paging.js';
import { type RestCall, type Route } from './rest-router.js';
import { type World } from './world.js';

interface Target {
  place: MessagePlace;
  dm?: WireDmChannel;
  guild?: FakeGuild;
  /** The bot's permissions there. */
  bits: bigint;
}

function target(world: World, channelId: string): Target {
  const dm = world.dm(channelId);
  if (dm) return { place: world.placeOfDm(dm), dm, bits: ~0n & ~permissions.manageMessages };
  const found = world.guildChannel(channelId);
  if (!found) throw unknownChannel();
  const bits = found.guild.permissionsOf(world.bot.id, channelId);
  if (!may(bits, permissions.viewChannel)) throw missingAccess();
  return { place: found.guild.place(found.channel), guild: found.guild, bits };
}

/** The users a text mentions and Discord would notify. */
export function mentioned(world: World, content: string, allowed: AllowedMentions | undefined): WireUser[] {
  const ids = new Set([...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => id!));
  const everyone = !allowed || allowed.parse?.includes('users');
  return [...ids].filter((id) => everyone || allowed.users?.includes(id)).flatMap((id) => world.users.get(id) ?? []);
}

function send(world: World, { place, dm, guild, bits }: Target, form: MessageForm): WireMessage {
  if (!may(bits, permissions.sendMessages)) throw missingPermissions();
  const recipient = dm?.recipients[0];
  if (recipient && (recipient.bot || world.closedDms.has(recipient.id)))
    throw new ApiError(403, 50007, 'Cannot send messages to this user');
  const { nonce, allowedMentions: allowed } = form;
  const earlier = form.enforceNonce && nonce !== undefined ? world.messages.withNonce(nonce) : undefined;
  if (earlier) return earlier;
  const embeds = form.embeds.map((embed) => ({ type: 'rich', ...(embed as object) }));
  const everyone = may(bits, permissions.mentionEveryone) && (!allowed || allowed.parse?.includes('everyone'));
  const message = world.messages.create(place, {
    ...form,
    author: world.bot,
    embeds,
    mentions: mentioned(world, form.content, allowed),
    mentionEveryone: Boolean(guild && everyone && /@(everyone|here)\b/.test(form.content)),
  });
  world.sent.add({
    channelId: place.channelId,
    userId: recipient?.id,
    guildId: guild?.id,
    content: form.content,
    embeds: form.embeds,
    nonce,
    enforceNonce: form.enforceNonce,
    allowedMentions: allowed,
    messageId: message.id,
    at: Date.now(),
  });
  return message;
}

function present({ world, params }: RestCall): { where: Target; message: WireMessage } {
  const where = target(world, params.channel!);
  const message = world.messages.find(params.channel!, params.message!);
  if (!message) throw unknownMessage();
  return { where, message };
}

export const channelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/channels/:channel',
    handle: ({ world, params }) => {
      const { dm } = target(world, params.channel!);
      if (dm) return { status: 200, body: dm };
      const { channel, guild } = world.guildChannel(params.channel!)!;
      return { status: 200, body: channelPayload(channel, guild.ownerId) };
    },
  },
  {
    method: 'GET',
    path: '/channels/:channel/messages',
    handle: ({ world, params, query }) => {
      const { place, bits } = target(world, params.channel!);
      const limit = limitOf(query, 50, 100);
      // Without the permission Discord shows nothing, and refuses nothing.
      const all = may(bits, permissions.readMessageHistory) ? world.messages.of(place.channelId) : [];
      const after = query.get('after');
      const before = query.get('before');
      const asked = all.filter(
        ({ id }) =>
          (after === null || compareSnowflakes(id, after) > 0) &&
          (before === null || compareSnowflakes(id, before) < 0),
      );
      const page = after === null ? asked.slice(-limit) : asked.slice(0, limit);
      return { status: 200, body: page.reverse() };
    },
  },
  {
    method: 'POST',
    path: '/channels/:channel/messages',
    handle: ({ world, params, body }) => {
      const where = target(world, params.channel!);
      return { status: 200, body: send(world, where, messageForm(body)) };
    },
  },
  {
    method: 'GET',
    path: '/channels/:channel/messages/:message',
    handle: (call) => ({ status: 200, body: present(call).message }),
  },
  {
    method: 'PATCH',
    path: '/channels/:channel/messages/:message',
    handle: (call) => {
      const { world, body } = call;
      const { message } = present(call);
      if (message.author.id !== world.bot.id)
        throw new ApiError(403, 50005, 'Cannot edit a message authored by another user');
      const { content, embeds, components, flags } = editedForm(message, body);
      return { status: 200, body: world.messages.edit(message.id, { content, embeds, components, flags }) };
    },
  },
  {
    method: 'DELETE',
    path: '/channels/:channel/messages/:message',
    handle: (call) => {
      const { message, where } = present(call);
      const own = message.author.id === call.world.bot.id;
      if (!own && where.dm) throw new ApiError(403, 50003, 'Cannot execute action on a DM channel');
      if (!own && !may(where.bits, permissions.manageMessages)) throw missingPermissions();
      call.world.messages.remove(message.id);
      return { status: 204 };
    },
  },
];
