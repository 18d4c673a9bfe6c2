import { type ApiError, invalidForm, unknownChannel, unknownMessage } from './api-error.js';
import { mentioned } from './channel-routes.js';
import { type FakeGuild } from './fake-guild.js';
import { editedForm, messageForm } from './message-form.js';
import { type RestCall, type Route } from './rest-router.js';
import { type FakeWebhook } from './webhooks.js';
import { type WireChannel, type WireMessage } from './wire.js';

function notSnowflake(value: string): ApiError {
  const message = `Value "${value}" is not snowflake.`;
  return invalidForm([{ path: 'thread_id', code: 'NUMBER_TYPE_COERCE', message }]);
}

/** The webhook's channel, or a thread of it that `?thread_id=` names. */
function place(call: RestCall): { webhook: FakeWebhook; channel: WireChannel; guild: FakeGuild } {
  const { world, params, query } = call;
  const webhook = world.webhooks.open(params.webhook!, params.token!);
  const threadId = query.get('thread_id');
  if (threadId !== null && !/^\d{1,20}$/.test(threadId)) throw notSnowflake(threadId);
  const found = world.guildChannel(threadId ?? webhook.channelId);
  if (!found || (threadId !== null && found.channel.parent_id !== webhook.channelId)) throw unknownChannel();
  return { webhook, ...found };
}

function execute(call: RestCall): WireMessage {
  const { world, body } = call;
  const { webhook, channel, guild } = place(call);
  // A webhook knows no nonce: what is sent twice is there twice.
  const form = { ...messageForm(body), nonce: undefined };
  const { allowedMentions: allowed } = form;
  const everyone = !allowed || Boolean(allowed.parse?.includes('everyone'));
  const message = world.messages.create(guild.place(channel), {
    ...form,
    author: { ...world.bot, id: webhook.id, username: webhook.name, bot: true },
    webhookId: webhook.id,
    embeds: form.embeds.map((embed) => ({ type: 'rich', ...(embed as object) })),
    mentions: mentioned(world, form.content, allowed),
    mentionEveryone: everyone && /@(everyone|here)\b/.test(form.content),
  });
  world.sent.add({
    channelId: channel.id,
    guildId: guild.id,
    webhookId: webhook.id,
    content: form.content,
    embeds: form.embeds,
    enforceNonce: false,
    allowedMentions: allowed,
    messageId: message.id,
    at: Date.now(),
  });
  return message;
}

function present(call: RestCall): WireMessage {
  const { webhook, channel } = place(call);
  const message = call.world.messages.find(channel.id, call.params.message!);
  if (message?.webhook_id !== webhook.id) throw unknownMessage();
  return message;
}

/** Without the bot's token: the address holds the webhook's own. */
export const webhookRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/webhooks/:webhook/*token',
    open: true,
    handle: (call) => {
      const message = execute(call);
      return call.query.get('wait') === 'true' ? { status: 200, body: message } : { status: 204 };
    },
  },
  {
    method: 'GET',
    path: '/webhooks/:webhook/*token/messages/:message',
    open: true,
    handle: (call) => ({ status: 200, body: present(call) }),
  },
  {
    method: 'PATCH',
    path: '/webhooks/:webhook/*token/messages/:message',
    open: true,
    handle: (call) => {
      const message = present(call);
      const { content, embeds, components, flags } = editedForm(message, call.body);
      return { status: 200, body: call.world.messages.edit(message.id, { content, embeds, components, flags }) };
    },
  },
];
