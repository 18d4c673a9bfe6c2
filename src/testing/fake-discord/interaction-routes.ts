import { type FakeInteraction, strangers } from './fake-interaction.js';
import { type RestAnswer, type RestCall, type Route } from './rest-router.js';

/** The token alone opens the way: these are asked without the bot's. */
function ownOf({ world, params }: RestCall): FakeInteraction {
  const interaction = world.interactions.byToken(params.token);
  if (!interaction || params.application !== world.bot.id) throw strangers.unknownWebhook();
  return interaction;
}

function messageOf(call: RestCall): RestAnswer {
  return { status: 200, body: { ...ownOf(call).message, author: call.world.bot } };
}

const original = '/webhooks/:application/*token/messages/@original';

/** How the application answers what users do. */
export const interactionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/interactions/:interaction/*token/callback',
    open: true,
    handle: ({ world, params, body }) => {
      const interaction = world.interactions.byToken(params.token);
      if (interaction?.id !== params.interaction) throw strangers.unknownInteraction();
      interaction!.callBack(body);
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    path: original,
    open: true,
    handle: messageOf,
  },
  {
    method: 'PATCH',
    path: original,
    open: true,
    handle: (call) => {
      ownOf(call).edit(call.body);
      return messageOf(call);
    },
  },
];
